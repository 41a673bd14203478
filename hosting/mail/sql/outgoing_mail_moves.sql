-- server.jobs.life_cycle.MOVES
CREATE OR REPLACE TRIGGER outgoing_mail_moves_as_allowed BEFORE UPDATE OF state ON outgoing_mail FOR EACH ROW
    WHEN (OLD.state NOT IN ('waiting', 'running') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION refuse_job_move();
