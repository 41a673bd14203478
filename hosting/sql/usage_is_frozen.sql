-- Nothing of a tenant's closed month changes any more: invoices were made from it. Only the days of
-- accounts are forgotten, after 13 months.
CREATE OR REPLACE FUNCTION refuse_change_of_closed_month() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_row record;
BEGIN
    IF TG_TABLE_NAME = 'tenant_month' THEN
        RAISE EXCEPTION 'the month is closed' USING ERRCODE = 'GRU01';
    END IF;
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME <> 'tenant_day'
            AND OLD.day < CURRENT_DATE - interval '13 months' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.tenant_id, NEW.day) IS DISTINCT FROM (OLD.tenant_id, OLD.day) THEN
            RAISE EXCEPTION 'a row of usage stays where it is' USING ERRCODE = 'GRU01';
        END IF;
    END IF;
    IF TG_OP = 'INSERT' THEN
        v_row := NEW;
    ELSE
        v_row := OLD;
    END IF;
    IF EXISTS (SELECT FROM tenant_month WHERE tenant_id = v_row.tenant_id
            AND month = date_trunc('month', v_row.day)::date) THEN
        RAISE EXCEPTION 'the month of % is closed', v_row.day USING ERRCODE = 'GRU01';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE OR REPLACE TRIGGER account_day_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON account_day
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_closed_month();
CREATE OR REPLACE TRIGGER mail_day_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON mail_day
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_closed_month();
CREATE OR REPLACE TRIGGER tenant_day_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON tenant_day
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_closed_month();
CREATE OR REPLACE TRIGGER tenant_month_is_frozen BEFORE UPDATE OR DELETE ON tenant_month
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_closed_month();
