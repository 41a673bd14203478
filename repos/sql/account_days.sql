-- Puts down what a repo counted in a day, when the first change on another day begins (or its row
-- goes): exact whatever crashes, since it is part of that change's transaction. A day of a month
-- that was closed meanwhile is counted today.
CREATE OR REPLACE FUNCTION end_account_day() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_today date := (clock_timestamp() AT TIME ZONE 'utc')::date;
    v_day date := OLD.counted_on;
    v_tenant bigint;
BEGIN
    IF OLD.writes_today > 0 OR OLD.uploads_today > 0 THEN
        SELECT tenant_id INTO v_tenant FROM host WHERE id = OLD.host_id;
        IF EXISTS (SELECT FROM tenant_month
                WHERE tenant_id = v_tenant AND month = date_trunc('month', v_day)::date) THEN
            v_day := v_today;
        END IF;
        INSERT INTO account_day AS d (account_id, day, tenant_id, did, writes, uploads, records,
            repo_bytes, blob_bytes)
        SELECT OLD.id, v_day, v_tenant, OLD.did, OLD.writes_today, OLD.uploads_today,
            OLD.record_count, OLD.record_bytes,
            coalesce((SELECT used_bytes FROM blob_usage WHERE repo_id = OLD.id), 0)
        WHERE v_tenant IS NOT NULL
        ON CONFLICT (account_id, day) DO UPDATE SET writes = d.writes + excluded.writes,
            uploads = d.uploads + excluded.uploads, records = excluded.records,
            repo_bytes = excluded.repo_bytes, blob_bytes = excluded.blob_bytes;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    NEW.counted_on := v_today;
    NEW.writes_today := NEW.writes_today - OLD.writes_today;
    NEW.uploads_today := NEW.uploads_today - OLD.uploads_today;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER repo_day_ends BEFORE UPDATE ON repo FOR EACH ROW
    WHEN (OLD.counted_on < (clock_timestamp() AT TIME ZONE 'utc')::date)
    EXECUTE FUNCTION end_account_day();
CREATE OR REPLACE TRIGGER repo_day_ends_with_it BEFORE DELETE ON repo FOR EACH ROW
    EXECUTE FUNCTION end_account_day();
