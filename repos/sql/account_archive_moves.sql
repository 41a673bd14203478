-- server.jobs.life_cycle.MOVES_ANEW for archives of accounts.
CREATE OR REPLACE TRIGGER account_archive_moves_as_allowed BEFORE UPDATE OF state ON account_archive FOR EACH ROW
    WHEN (OLD.state NOT IN ('waiting', 'running') AND NEW.state NOT IN (OLD.state, 'waiting'))
    EXECUTE FUNCTION refuse_job_move();
