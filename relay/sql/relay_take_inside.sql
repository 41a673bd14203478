-- Takes the next events of our own hosts into the relay's stream; returns how many it looked at.
--
-- Called by the one process that writes the stream (relay.ingestion.writer), a
-- transaction of its own: place and events are one. Events keep their bytes. What is left out: all that accounts say
-- which are taken down at the relay, and what those say that have moved to another host, until the
-- host here opens them again; also one of ours: the copy that stays behind may say that it is closed
-- or deleted, and their new host goes on. An account's last word, that it is deleted, takes along
-- what it said.
CREATE OR REPLACE FUNCTION relay_take_inside(p_limit integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_from bigint;
    v_to bigint;
    v_count integer;
    v_taken integer;
    v_seq bigint;
BEGIN
    SELECT coalesce(inside_position, 0), last_seq INTO v_from, v_seq
    FROM relay_counter WHERE relay_id = 1;
    IF v_seq IS NULL THEN
        INSERT INTO relay_counter (relay_id) VALUES (0), (1) ON CONFLICT DO NOTHING;
        v_from := 0;
        v_seq := 0;
    END IF;
    SELECT max(position), count(*) INTO v_to, v_count
    FROM (SELECT position FROM event WHERE position > v_from ORDER BY position LIMIT p_limit) e;
    IF v_count = 0 THEN
        RETURN 0;
    END IF;
    INSERT INTO relay_host (hostname, inside_id, status, is_trusted, account_limit, created_at)
    SELECT lower(regexp_replace(h.origin, '^https?://', '')), h.id, 'active', true, 0, now()
    FROM host h
    WHERE h.id IN (SELECT host_id FROM event WHERE position > v_from AND position <= v_to)
        AND NOT EXISTS (SELECT FROM relay_host r WHERE r.inside_id = h.id)
    ON CONFLICT (hostname) DO UPDATE SET inside_id = excluded.inside_id, is_trusted = true;
    -- A host that has got another name says so by an event of each of its accounts.
    UPDATE relay_host r SET hostname = n.hostname
    FROM (
        SELECT id, lower(regexp_replace(origin, '^https?://', '')) AS hostname FROM host
        WHERE id IN (SELECT host_id FROM event WHERE position > v_from AND position <= v_to)
    ) n
    WHERE r.inside_id = n.id AND r.hostname <> n.hostname
        AND NOT EXISTS (SELECT FROM relay_host o WHERE o.hostname = n.hostname);
    -- Hosts before their accounts, as everybody locks them.
    PERFORM FROM relay_host WHERE inside_id IS NULL AND id IN (
        SELECT a.host_id FROM event e JOIN relay_account a ON a.did = e.did
        WHERE e.position > v_from AND e.position <= v_to AND e.kind = 4
    ) ORDER BY id FOR NO KEY UPDATE;
    -- Who was elsewhere and is open here now has moved in.
    WITH moved AS (
        SELECT DISTINCT a.id, a.host_id AS old_id, r.id AS new_id
        FROM event e
        JOIN relay_account a ON a.did = e.did
        JOIN relay_host r ON r.inside_id = e.host_id
        JOIN relay_host o ON o.id = a.host_id AND o.inside_id IS NULL
        JOIN account c ON c.did = e.did AND c.host_id = e.host_id AND c.status = 'active'
        WHERE e.position > v_from AND e.position <= v_to AND e.kind = 4
    ), left_alone AS (
        UPDATE relay_host h SET account_count = h.account_count - n.count
        FROM (SELECT old_id, count(*) FROM moved GROUP BY old_id) n WHERE h.id = n.old_id
    )
    UPDATE relay_account a SET host_id = m.new_id, host_status = 'active', updated_at = now(),
        desynchronized_at = NULL, repair_after = NULL
    FROM moved m WHERE a.id = m.id;
    -- The map of an #account ends with its status.
    DELETE FROM relay_event WHERE did IN (
        SELECT did FROM event e WHERE position > v_from AND position <= v_to AND kind = 4
            AND substring(body FROM octet_length(body) - 14) = '\x667374617475736764656c65746564'
            AND NOT EXISTS (
                SELECT FROM account c
                WHERE c.did = e.did AND c.host_id <> e.host_id AND c.status = 'active'
            )
    );
    WITH found AS (
        SELECT e.position, e.did, e.kind, e.seq, e.seq_at, e.body, r.id AS relay_host_id
        FROM event e JOIN relay_host r ON r.inside_id = e.host_id
        WHERE e.position > v_from AND e.position <= v_to
            AND NOT EXISTS (
                SELECT FROM relay_account a JOIN relay_host o ON o.id = a.host_id
                WHERE a.did = e.did
                    AND (a.taken_down_at IS NOT NULL OR (o.inside_id IS NULL AND e.kind <> 3))
            )
            AND (e.kind = 3 OR NOT EXISTS (
                SELECT FROM account c
                WHERE c.did = e.did AND (
                    (c.host_id = e.host_id AND c.moved_away_at IS NOT NULL)
                    OR (c.host_id <> e.host_id AND c.status = 'active' AND NOT EXISTS (
                        SELECT FROM account own WHERE own.did = e.did AND own.host_id = e.host_id
                            AND own.status = 'active'
                    ))
                )
            ))
    ), written AS (
        INSERT INTO relay_event (seq, host_id, did, kind, seq_at, body)
        SELECT v_seq + row_number() OVER (ORDER BY position), relay_host_id, did, kind, seq_at, body
        FROM found
        RETURNING seq
    ), heard AS (
        UPDATE relay_host r SET seq = f.seq, accepted_count = r.accepted_count + f.count,
            last_event_at = now(), status = 'active'
        FROM (SELECT relay_host_id, max(seq) AS seq, count(*) FROM found GROUP BY 1) f
        WHERE r.id = f.relay_host_id
    )
    SELECT count(*) INTO v_taken FROM written;
    UPDATE relay_counter SET last_seq = v_seq + v_taken,
        inside_position = CASE WHEN relay_id = 1 THEN v_to END
    WHERE relay_id IN (0, 1);
    IF v_taken > 0 THEN
        PERFORM pg_notify('relay', (v_seq + v_taken)::text);
    END IF;
    RETURN v_count;
END $$;
