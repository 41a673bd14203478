-- Keeps blob_usage: what each repo's blobs come to; and tenant_storage: what a tenant's do.
--
-- Blob rows are locked before their repo's usage, here and in stage_blob; several repos' in order.
-- Each connection adds to a row of its own of the tenant, or of one in sixteen's.
CREATE OR REPLACE FUNCTION count_new_blobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO blob_usage AS u (repo_id, used_bytes, blob_count, tenant_id)
    SELECT a.repo_id, sum(a.size), count(*), (
        SELECT h.tenant_id FROM repo r JOIN host h ON h.id = r.host_id WHERE r.id = a.repo_id)
    FROM added a GROUP BY a.repo_id ORDER BY a.repo_id
    ON CONFLICT (repo_id) DO UPDATE SET used_bytes = u.used_bytes + excluded.used_bytes,
        blob_count = u.blob_count + excluded.blob_count,
        tenant_id = coalesce(u.tenant_id, excluded.tenant_id);
    INSERT INTO tenant_storage AS t (tenant_id, shard, blob_bytes)
    SELECT u.tenant_id, pg_backend_pid() % 16, sum(a.size)
    FROM added a JOIN blob_usage u USING (repo_id)
    WHERE u.tenant_id IS NOT NULL GROUP BY u.tenant_id ORDER BY u.tenant_id
    ON CONFLICT (tenant_id, shard) DO UPDATE SET blob_bytes = t.blob_bytes + excluded.blob_bytes;
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
    INSERT INTO tenant_storage AS t (tenant_id, shard, blob_bytes)
    SELECT u.tenant_id, pg_backend_pid() % 16, -sum(g.size)
    FROM removed g JOIN blob_usage u USING (repo_id)
    WHERE u.tenant_id IS NOT NULL GROUP BY u.tenant_id ORDER BY u.tenant_id
    ON CONFLICT (tenant_id, shard) DO UPDATE SET blob_bytes = t.blob_bytes + excluded.blob_bytes;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER blob_is_counted AFTER INSERT ON blob REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION count_new_blobs();
CREATE OR REPLACE TRIGGER blob_is_counted_out AFTER DELETE ON blob REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION count_gone_blobs();
