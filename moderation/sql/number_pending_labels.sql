-- Gives pending labels their seq and their position; returns how many.
--
-- As number_pending_events, and called by the same one process (repos.events.sequencer): a batch is
-- one statement, numbered after it is visible. Labeler 0 of label_counter is the platform.
CREATE OR REPLACE FUNCTION number_pending_labels(p_limit integer) RETURNS integer
LANGUAGE plpgsql SET enable_bitmapscan = off AS $$
DECLARE
    v_ids bigint[];
    v_labelers bigint[];
    v_count integer;
    v_position bigint;
BEGIN
    SELECT array_agg(id), array_agg(labeler_id) INTO v_ids, v_labelers
    FROM (SELECT id, labeler_id FROM label WHERE seq IS NULL ORDER BY id LIMIT p_limit) l;
    v_count := coalesce(cardinality(v_ids), 0);
    IF v_count = 0 THEN
        RETURN 0;
    END IF;
    INSERT INTO label_counter AS c (labeler_id, last_seq) VALUES (0, v_count)
    ON CONFLICT (labeler_id) DO UPDATE SET last_seq = c.last_seq + excluded.last_seq
    RETURNING last_seq - v_count INTO v_position;
    WITH counted AS (
        INSERT INTO label_counter AS c (labeler_id, last_seq)
        SELECT labeler_id, count(*) FROM unnest(v_labelers) h(labeler_id) GROUP BY labeler_id
        ON CONFLICT (labeler_id) DO UPDATE SET last_seq = c.last_seq + excluded.last_seq
        RETURNING labeler_id, last_seq
    ), placed AS (
        SELECT id, labeler_id, place,
            row_number() OVER (PARTITION BY labeler_id ORDER BY place DESC) - 1 AS places_after
        FROM unnest(v_ids, v_labelers) WITH ORDINALITY p(id, labeler_id, place)
    )
    UPDATE label l SET seq = c.last_seq - p.places_after, position = v_position + p.place
    FROM placed p JOIN counted c USING (labeler_id)
    WHERE l.id = p.id;
    PERFORM pg_notify('labels', (v_position + v_count)::text);
    RETURN v_count;
END $$;
