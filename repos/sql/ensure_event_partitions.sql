-- Makes the tables of the days from today on that a table partitioned by `created_at` is missing;
-- returns how many it made.
--
-- A new day's table is filled, if its rows had to wait in the default partition, before it is
-- attached: attaching takes a weaker lock than CREATE TABLE ... PARTITION OF.
CREATE OR REPLACE FUNCTION ensure_day_partitions(p_table text, p_days integer) RETURNS integer
LANGUAGE plpgsql SET timezone = 'UTC' SET client_min_messages = 'warning' AS $$
DECLARE
    v_day date;
    v_name text;
    v_made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ensure_day_partitions ' || p_table));
    FOR v_day IN SELECT current_date + n FROM generate_series(0, p_days) n LOOP
        v_name := p_table || '_' || to_char(v_day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', v_name, p_table);
        EXECUTE format(
            'WITH late AS (DELETE FROM %I WHERE created_at >= %L AND created_at < %L RETURNING *)
             INSERT INTO %I SELECT * FROM late', p_table || '_default', v_day, v_day + 1, v_name);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       p_table, v_name, v_day, v_day + 1);
        v_made := v_made + 1;
    END LOOP;
    RETURN v_made;
END $$;

-- The same for the event table; what the sequencer calls.
CREATE OR REPLACE FUNCTION ensure_event_partitions(p_days integer) RETURNS integer
LANGUAGE sql AS $$ SELECT ensure_day_partitions('event', p_days) $$;
