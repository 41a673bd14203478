-- server.jobs.life_cycle.MOVES for imports and deletions, MOVES_ANEW for blobs of former hosts.
CREATE OR REPLACE TRIGGER import_job_moves_as_allowed BEFORE UPDATE OF state ON import_job FOR EACH ROW
    WHEN (OLD.state NOT IN ('waiting', 'running') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION refuse_job_move();
CREATE OR REPLACE TRIGGER repo_deletion_moves_as_allowed BEFORE UPDATE OF state ON repo_deletion FOR EACH ROW
    WHEN (OLD.state NOT IN ('waiting', 'running') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION refuse_job_move();
CREATE OR REPLACE TRIGGER blob_fetch_moves_as_allowed BEFORE UPDATE OF state ON blob_fetch FOR EACH ROW
    WHEN (OLD.state NOT IN ('waiting', 'running') AND NEW.state NOT IN (OLD.state, 'waiting'))
    EXECUTE FUNCTION refuse_job_move();
