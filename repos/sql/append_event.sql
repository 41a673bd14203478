-- Appends an event of repos.lifecycle.account_signals, in the caller's transaction; returns its id.
--
-- A #commit (kind 1) is what the next write reads its tree path from.
CREATE OR REPLACE FUNCTION append_event(p_repo bigint, p_kind integer, p_seq_at integer, p_body bytea)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_repo record;
    v_event bigint;
    v_now timestamptz := clock_timestamp();
BEGIN
    SELECT host_id, did INTO STRICT v_repo FROM repo WHERE id = p_repo FOR UPDATE;
    v_event := nextval('event_id_seq');
    INSERT INTO event (id, created_at, host_id, repo_id, did, kind, seq_at, body)
    VALUES (v_event, v_now, v_repo.host_id, p_repo, v_repo.did, p_kind, p_seq_at, p_body);
    IF p_kind = 1 THEN
        UPDATE repo SET last_event_id = v_event, last_event_at = v_now WHERE id = p_repo;
    END IF;
    RETURN v_event;
END $$;
