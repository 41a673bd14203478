-- Takes a written file over: 'kept' with this file, 'known' with the file of an earlier upload,
-- 'quarantined', a limit that is full by then (nothing changed; `used` says what of it is used), or
-- 'late' (the file is about to be purged). Limits that are null do not hold.
--
-- The account's limits are exact, since the repo's row is locked first. So is its tenant's: with
-- less room than `p_margin`, which all uploads under way can come to, they wait for each other.
CREATE OR REPLACE FUNCTION stage_blob(
    p_repo bigint, p_cid bytea, p_mime_type text, p_size bigint, p_key text, p_quota bigint,
    p_uploads bigint, p_tenant bigint, p_tenant_quota bigint, p_margin bigint,
    OUT outcome text, OUT stored_type text, OUT used bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_key text;
    v_uploads bigint;
BEGIN
    UPDATE repo SET uploads_today = uploads_today + 1 WHERE id = p_repo
    RETURNING uploads_today INTO v_uploads;
    INSERT INTO blob AS b (repo_id, cid, mime_type, size, state, key, changed_at, created_at)
    VALUES (p_repo, p_cid, p_mime_type, p_size, 'staged', p_key, now(), now())
    ON CONFLICT (repo_id, cid) DO UPDATE SET changed_at = now() WHERE b.state <> 'quarantined'
    RETURNING b.mime_type, b.key INTO stored_type, v_key;
    IF v_key IS DISTINCT FROM p_key THEN
        outcome := CASE WHEN v_key IS NULL THEN 'quarantined' ELSE 'known' END;
        UPDATE repo SET uploads_today = uploads_today - 1 WHERE id = p_repo;
        RETURN;
    END IF;
    DELETE FROM file_deletion WHERE key = p_key AND due_at > now() + interval '1 hour';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'GRB03', MESSAGE = 'late';
    END IF;
    SELECT used_bytes INTO used FROM blob_usage WHERE repo_id = p_repo;
    IF used > p_quota THEN
        used := used - p_size;
        RAISE EXCEPTION USING ERRCODE = 'GRB03', MESSAGE = 'account-blob-bytes';
    END IF;
    IF v_uploads > p_uploads THEN
        used := v_uploads - 1;
        RAISE EXCEPTION USING ERRCODE = 'GRB03', MESSAGE = 'account-uploads-a-day';
    END IF;
    IF p_tenant_quota IS NOT NULL THEN
        SELECT sum(blob_bytes) INTO used FROM tenant_storage WHERE tenant_id = p_tenant;
        IF used > p_tenant_quota - p_margin THEN
            PERFORM pg_advisory_xact_lock(1903521652, (p_tenant & 2147483647)::integer);  -- "quot"
            SELECT sum(blob_bytes) INTO used FROM tenant_storage WHERE tenant_id = p_tenant;
        END IF;
        IF used > p_tenant_quota THEN
            used := used - p_size;
            RAISE EXCEPTION USING ERRCODE = 'GRB03', MESSAGE = 'blob-bytes';
        END IF;
    END IF;
    outcome := 'kept';
EXCEPTION WHEN SQLSTATE 'GRB03' THEN
    outcome := SQLERRM;
END $$;
