-- server.jobs.life_cycle.MOVES for exports of evidence.
CREATE OR REPLACE TRIGGER evidence_export_moves_as_allowed BEFORE UPDATE OF state ON evidence_export FOR EACH ROW
    WHEN (OLD.state NOT IN ('waiting', 'running') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION refuse_job_move();
