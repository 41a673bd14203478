-- Makes the tables of the days from today on that are missing; returns how many it made.
--
-- A new day's table is filled, if its rows had to wait in the default partition, before it is
-- attached: attaching takes a weaker lock than CREATE TABLE ... PARTITION OF.
CREATE OR REPLACE FUNCTION ensure_event_partitions(p_days integer) RETURNS integer
LANGUAGE plpgsql SET timezone = 'UTC' SET client_min_messages = 'warning' AS $$
DECLARE
    v_day date;
    v_name text;
    v_made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ensure_event_partitions'));
    FOR v_day IN SELECT current_date + n FROM generate_series(0, p_days) n LOOP
        v_name := 'event_' || to_char(v_day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING ALL)', v_name);
        EXECUTE format(
            'WITH late AS (DELETE FROM event_default WHERE created_at >= %L AND created_at < %L RETURNING *)
             INSERT INTO %I SELECT * FROM late', v_day, v_day + 1, v_name);
        EXECUTE format('ALTER TABLE event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       v_name, v_day, v_day + 1);
        v_made := v_made + 1;
    END LOOP;
    RETURN v_made;
END $$;
