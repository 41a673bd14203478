-- server.jobs.life_cycle.MOVES
CREATE OR REPLACE TRIGGER provider_job_moves_as_allowed BEFORE UPDATE OF state ON provider_job FOR EACH ROW
    WHEN (OLD.state NOT IN ('waiting', 'running') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION refuse_job_move();
