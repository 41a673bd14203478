"""The three functions of the write path: commit, append an event, number the pending ones."""

from django.db import migrations

# Returns 'applied', 'stale' (the head moved meanwhile: read again), or the status of a repo that
# takes no commits ('gone' when there is none). A blob that is not there raises GRB01, so that
# whatever was done before it is undone. The event id is drawn in the UPDATE that locks the repo's
# row: order of ids within a repo is order of commits.
APPLY_COMMIT = """
CREATE FUNCTION apply_commit(
    p_repo bigint, p_prev text, p_rev text, p_head bytea, p_data bytea, p_commit bytea,
    p_changed_collections text[], p_changed_rkeys text[],
    p_collections text[], p_rkeys text[], p_cids bytea[], p_subjects text[], p_blocks bytea[],
    p_gone bytea[], p_node_cids bytea[], p_node_blocks bytea[],
    p_use_collections text[], p_use_rkeys text[], p_use_cids bytea[],
    p_seq_at integer, p_body bytea
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_event bigint;
    v_now timestamptz := clock_timestamp();
    v_host bigint;
    v_did text;
    v_status text;
    v_released bytea[];
    v_missing bytea;
BEGIN
    UPDATE repo SET head = p_head, rev = p_rev, data = p_data, commit = p_commit,
        last_event_id = nextval('event_id_seq'), last_event_at = v_now,
        record_count = record_count + cardinality(p_rkeys) - cardinality(p_changed_rkeys)
    WHERE id = p_repo AND rev = p_prev AND status = 'active'
    RETURNING last_event_id, host_id, did INTO v_event, v_host, v_did;
    IF NOT FOUND THEN
        SELECT status INTO v_status FROM repo WHERE id = p_repo;
        RETURN CASE v_status WHEN 'active' THEN 'stale' ELSE coalesce(v_status, 'gone') END;
    END IF;

    IF cardinality(p_changed_rkeys) > 0 THEN
        DELETE FROM record r USING unnest(p_changed_collections, p_changed_rkeys) c(collection, rkey)
        WHERE r.repo_id = p_repo AND r.collection = c.collection AND r.rkey = c.rkey;
        WITH released AS (
            DELETE FROM blob_use u
            USING unnest(p_changed_collections, p_changed_rkeys) c(collection, rkey)
            WHERE u.repo_id = p_repo AND u.collection = c.collection AND u.rkey = c.rkey
            RETURNING u.cid
        ) SELECT array_agg(DISTINCT cid) INTO v_released FROM released;
    END IF;

    INSERT INTO record (repo_id, collection, rkey, cid, rev, subject, data)
    SELECT p_repo, collection, rkey, cid, p_rev, subject, block
    FROM unnest(p_collections, p_rkeys, p_cids, p_subjects, p_blocks)
        r(collection, rkey, cid, subject, block);

    DELETE FROM node WHERE repo_id = p_repo AND cid = ANY (p_gone);
    INSERT INTO node (repo_id, cid, rev, data)
    SELECT p_repo, cid, p_rev, block FROM unnest(p_node_cids, p_node_blocks) n(cid, block)
    ON CONFLICT DO NOTHING;

    IF cardinality(p_use_cids) > 0 THEN
        UPDATE blob SET state = 'live', changed_at = v_now
        WHERE repo_id = p_repo AND cid = ANY (p_use_cids) AND state <> 'live';
        SELECT u.cid INTO v_missing FROM unnest(p_use_cids) u(cid)
        WHERE NOT EXISTS (SELECT FROM blob b WHERE b.repo_id = p_repo AND b.cid = u.cid) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'GRB01', MESSAGE = encode(v_missing, 'hex');
        END IF;
        INSERT INTO blob_use (repo_id, collection, rkey, cid, rev)
        SELECT p_repo, collection, rkey, cid, p_rev
        FROM unnest(p_use_collections, p_use_rkeys, p_use_cids) u(collection, rkey, cid);
    END IF;
    IF v_released IS NOT NULL THEN
        UPDATE blob b SET state = 'idle', changed_at = v_now
        WHERE b.repo_id = p_repo AND b.cid = ANY (v_released) AND b.state = 'live'
          AND NOT EXISTS (SELECT FROM blob_use u WHERE u.repo_id = p_repo AND u.cid = b.cid);
    END IF;

    INSERT INTO event (id, created_at, host_id, repo_id, did, kind, seq_at, body)
    VALUES (v_event, v_now, v_host, p_repo, v_did, 1, p_seq_at, p_body);
    RETURN 'applied';
END $$;
"""

# For the events of repos.lifecycle.account_signals, in the caller's transaction. A #commit (kind 1) is what the
# next write reads its tree path from.
APPEND_EVENT = """
CREATE FUNCTION append_event(p_repo bigint, p_kind integer, p_seq_at integer, p_body bytea)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_repo record;
    v_event bigint;
    v_now timestamptz := clock_timestamp();
BEGIN
    SELECT host_id, did INTO STRICT v_repo FROM repo WHERE id = p_repo FOR UPDATE;
    v_event := nextval('event_id_seq');
    INSERT INTO event (id, created_at, host_id, repo_id, did, kind, seq_at, body)
    VALUES (v_event, v_now, v_repo.host_id, p_repo, v_repo.did, p_kind, p_seq_at, p_body);
    IF p_kind = 1 THEN
        UPDATE repo SET last_event_id = v_event, last_event_at = v_now WHERE id = p_repo;
    END IF;
    RETURN v_event;
END $$;
"""

# Called by the one sequencer only (repos.events.sequencer). One statement, one transaction: a kill at any
# moment leaves all of a batch numbered or none of it. Host 0 of event_counter is the platform.
# Bitmap scans would visit every row numbered since the last vacuum, plain ones skip the dead.
NUMBER_EVENTS = """
CREATE FUNCTION number_pending_events(p_limit integer) RETURNS integer
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
"""


class Migration(migrations.Migration):
    dependencies = [("repos", "0001_tables")]
    operations = [
        migrations.RunSQL(APPLY_COMMIT, "DROP FUNCTION IF EXISTS apply_commit"),
        migrations.RunSQL(APPEND_EVENT, "DROP FUNCTION append_event"),
        migrations.RunSQL(NUMBER_EVENTS, "DROP FUNCTION number_pending_events"),
    ]
