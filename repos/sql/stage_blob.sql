-- Takes a written file over: 'kept' with this file, 'known' with the file of an earlier upload,
-- 'quarantined', 'full' (the quota; nothing changed), or 'late' (the file is about to be purged).
CREATE OR REPLACE FUNCTION stage_blob(
    p_repo bigint, p_cid bytea, p_mime_type text, p_size bigint, p_key text, p_quota bigint,
    OUT outcome text, OUT stored_type text, OUT used bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_key text;
BEGIN
    INSERT INTO blob AS b (repo_id, cid, mime_type, size, state, key, changed_at, created_at)
    VALUES (p_repo, p_cid, p_mime_type, p_size, 'staged', p_key, now(), now())
    ON CONFLICT (repo_id, cid) DO UPDATE SET changed_at = now() WHERE b.state <> 'quarantined'
    RETURNING b.mime_type, b.key INTO stored_type, v_key;
    IF NOT FOUND THEN
        outcome := 'quarantined';
        RETURN;
    END IF;
    IF v_key <> p_key THEN
        outcome := 'known';
        RETURN;
    END IF;
    DELETE FROM file_deletion WHERE key = p_key AND due_at > now() + interval '1 hour';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'GRB03', MESSAGE = 'late';
    END IF;
    SELECT used_bytes INTO used FROM blob_usage WHERE repo_id = p_repo;
    IF used > p_quota THEN
        RAISE EXCEPTION USING ERRCODE = 'GRB03', MESSAGE = 'full';
    END IF;
    outcome := 'kept';
EXCEPTION WHEN SQLSTATE 'GRB03' THEN
    outcome := SQLERRM;
    SELECT used_bytes INTO used FROM blob_usage WHERE repo_id = p_repo;
END $$;
