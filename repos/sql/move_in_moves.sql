-- server.jobs.life_cycle.MOVES_ANEW for accounts that move in.
CREATE OR REPLACE TRIGGER move_in_moves_as_allowed BEFORE UPDATE OF state ON move_in FOR EACH ROW
    WHEN (OLD.state NOT IN ('waiting', 'running') AND NEW.state NOT IN (OLD.state, 'waiting'))
    EXECUTE FUNCTION refuse_job_move();
