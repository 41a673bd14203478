-- Gives pending events their seq and their position; returns how many.
--
-- Called by the one sequencer only (repos.events.sequencer). One statement, one transaction: a kill
-- at any moment leaves all of a batch numbered or none of it. Host 0 of event_counter is the platform.
-- Bitmap scans would visit every row numbered since the last vacuum, plain ones skip the dead.
CREATE OR REPLACE FUNCTION number_pending_events(p_limit integer) RETURNS integer
LANGUAGE plpgsql SET enable_bitmapscan = off AS $$
DECLARE
    v_ids bigint[];
    v_ats timestamptz[];
    v_hosts bigint[];
    v_count integer;
    v_position bigint;
BEGIN
    SELECT array_agg(id), array_agg(created_at), array_agg(host_id) INTO v_ids, v_ats, v_hosts
    FROM (SELECT id, created_at, host_id FROM event WHERE seq IS NULL ORDER BY id LIMIT p_limit) e;
    v_count := coalesce(cardinality(v_ids), 0);
    IF v_count = 0 THEN
        RETURN 0;
    END IF;
    INSERT INTO event_counter AS c (host_id, last_seq) VALUES (0, v_count)
    ON CONFLICT (host_id) DO UPDATE SET last_seq = c.last_seq + excluded.last_seq
    RETURNING last_seq - v_count INTO v_position;
    WITH counted AS (
        INSERT INTO event_counter AS c (host_id, last_seq)
        SELECT host_id, count(*) FROM unnest(v_hosts) h(host_id) GROUP BY host_id
        ON CONFLICT (host_id) DO UPDATE SET last_seq = c.last_seq + excluded.last_seq
        RETURNING host_id, last_seq
    ), placed AS (
        SELECT id, created_at, host_id, place,
            row_number() OVER (PARTITION BY host_id ORDER BY place DESC) - 1 AS places_after
        FROM unnest(v_ids, v_ats, v_hosts) WITH ORDINALITY p(id, created_at, host_id, place)
    )
    UPDATE event e SET seq = c.last_seq - p.places_after, position = v_position + p.place
    FROM placed p JOIN counted c USING (host_id)
    WHERE e.id = p.id AND e.created_at = p.created_at;
    PERFORM pg_notify('firehose', (v_position + v_count)::text);
    RETURN v_count;
END $$;
