-- server.jobs.life_cycle.MOVES for bulk actions of the moderation desk.
CREATE OR REPLACE TRIGGER bulk_action_moves_as_allowed BEFORE UPDATE OF state ON bulk_action FOR EACH ROW
    WHEN (OLD.state NOT IN ('waiting', 'running') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION refuse_job_move();
