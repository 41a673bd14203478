-- Keeps blob_usage: what each repo's blobs come to.
--
-- Blob rows are locked before their repo's usage, here and in stage_blob; several repos' in order.
CREATE OR REPLACE FUNCTION count_new_blobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO blob_usage AS u (repo_id, used_bytes, blob_count)
    SELECT repo_id, sum(size), count(*) FROM added GROUP BY repo_id ORDER BY repo_id
    ON CONFLICT (repo_id) DO UPDATE SET used_bytes = u.used_bytes + excluded.used_bytes,
        blob_count = u.blob_count + excluded.blob_count;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION count_gone_blobs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_gone record;
BEGIN
    FOR v_gone IN SELECT repo_id, sum(size) AS used_bytes, count(*) AS blob_count
        FROM removed GROUP BY repo_id ORDER BY repo_id
    LOOP
        UPDATE blob_usage u SET used_bytes = u.used_bytes - v_gone.used_bytes,
            blob_count = u.blob_count - v_gone.blob_count
        WHERE u.repo_id = v_gone.repo_id;
    END LOOP;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER blob_is_counted AFTER INSERT ON blob REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION count_new_blobs();
CREATE OR REPLACE TRIGGER blob_is_counted_out AFTER DELETE ON blob REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION count_gone_blobs();
