-- The write path's transaction: the waiting commits of many repos at once.
--
-- The rows come as parallel arrays: of repos (where each stood and where it goes, how many records
-- more it has, the bytes of those that come, how many writes), of events (in the order in which
-- their commits were made), of records that left, of records that came, of nodes that left and
-- came, of uses of blobs. A repo whose head moved meanwhile, or that takes no commits, is
-- left alone whole: its id and its status are what is returned ('active': read again; 'gone': there
-- is none). A blob that is not there raises GRB01, and nothing of the whole call has happened.
--
-- Repos are locked in the order of their ids, so that two calls cannot wait for each other. Ids of
-- events are drawn under these locks: their order within a repo is the order of its commits.
CREATE OR REPLACE FUNCTION apply_commits(
    p_repos bigint[], p_prevs text[], p_revs text[], p_heads bytea[], p_datas bytea[],
    p_commits bytea[], p_growths integer[], p_sizes bigint[], p_writes integer[],
    p_event_repos bigint[], p_seq_ats integer[], p_bodies bytea[],
    p_left_repos bigint[], p_left_collections text[], p_left_rkeys text[],
    p_record_repos bigint[], p_collections text[], p_rkeys text[], p_cids bytea[],
    p_record_revs text[], p_subjects text[], p_blocks bytea[],
    p_gone_repos bigint[], p_gone bytea[],
    p_node_repos bigint[], p_node_cids bytea[], p_node_revs text[], p_node_blocks bytea[],
    p_use_repos bigint[], p_use_collections text[], p_use_rkeys text[], p_use_cids bytea[],
    p_use_revs text[]
) RETURNS TABLE (refused_id bigint, refused_status text) LANGUAGE plpgsql AS $$
DECLARE
    v_taken bigint[];
    v_now timestamptz;
    v_released_repos bigint[];
    v_released bytea[];
    v_missing bytea;
BEGIN
    v_taken := ARRAY(
        SELECT r.id FROM unnest(p_repos, p_prevs) w(id, prev) JOIN repo r USING (id)
        WHERE r.rev = w.prev AND r.status = 'active' ORDER BY r.id FOR NO KEY UPDATE OF r);
    v_now := clock_timestamp();

    WITH appended AS (
        INSERT INTO event (id, created_at, host_id, repo_id, did, kind, seq_at, body)
        SELECT nextval('event_id_seq'), v_now, c.host_id, c.repo_id, c.did, 1, c.seq_at, c.body
        FROM (
            SELECT r.host_id, e.repo_id, r.did, e.seq_at, e.body
            FROM unnest(p_event_repos, p_seq_ats, p_bodies)
                WITH ORDINALITY e(repo_id, seq_at, body, place)
            JOIN repo r ON r.id = e.repo_id
            WHERE e.repo_id = ANY (v_taken) ORDER BY e.place
        ) c RETURNING id, repo_id
    ), last AS (
        SELECT repo_id, max(id) AS id FROM appended GROUP BY repo_id
    )
    UPDATE repo r SET head = w.head, rev = w.rev, data = w.data, commit = w.commit,
        last_event_id = last.id, last_event_at = v_now,
        record_count = r.record_count + w.growth, record_bytes = r.record_bytes + w.size,
        writes_today = r.writes_today + w.writes
    FROM unnest(p_repos, p_revs, p_heads, p_datas, p_commits, p_growths, p_sizes, p_writes)
        w(id, rev, head, data, commit, growth, size, writes)
    JOIN last ON last.repo_id = w.id
    WHERE r.id = w.id;

    IF cardinality(p_left_repos) > 0 THEN
        WITH gone AS (
            DELETE FROM record r
            USING unnest(p_left_repos, p_left_collections, p_left_rkeys)
                w(repo_id, collection, rkey)
            WHERE r.repo_id = w.repo_id AND r.collection = w.collection AND r.rkey = w.rkey
              AND w.repo_id = ANY (v_taken)
            RETURNING r.repo_id, octet_length(r.data) AS size
        )
        UPDATE repo r SET record_bytes = r.record_bytes - g.size
        FROM (SELECT repo_id, sum(size) AS size FROM gone GROUP BY repo_id) g
        WHERE r.id = g.repo_id;
        WITH released AS (
            DELETE FROM blob_use u
            USING unnest(p_left_repos, p_left_collections, p_left_rkeys)
                w(repo_id, collection, rkey)
            WHERE u.repo_id = w.repo_id AND u.collection = w.collection AND u.rkey = w.rkey
              AND w.repo_id = ANY (v_taken)
            RETURNING u.repo_id, u.cid
        ) SELECT array_agg(repo_id), array_agg(cid) INTO v_released_repos, v_released
        FROM (SELECT DISTINCT repo_id, cid FROM released) r;
    END IF;

    INSERT INTO record (repo_id, collection, rkey, cid, rev, subject, data)
    SELECT w.* FROM unnest(p_record_repos, p_collections, p_rkeys, p_cids, p_record_revs,
        p_subjects, p_blocks) w(repo_id, collection, rkey, cid, rev, subject, data)
    WHERE w.repo_id = ANY (v_taken);

    DELETE FROM node n USING unnest(p_gone_repos, p_gone) w(repo_id, cid)
    WHERE n.repo_id = w.repo_id AND n.cid = w.cid AND w.repo_id = ANY (v_taken);
    INSERT INTO node (repo_id, cid, rev, data)
    SELECT w.* FROM unnest(p_node_repos, p_node_cids, p_node_revs, p_node_blocks)
        w(repo_id, cid, rev, data)
    WHERE w.repo_id = ANY (v_taken) ON CONFLICT DO NOTHING;

    IF cardinality(p_use_repos) > 0 THEN
        UPDATE blob b SET state = 'live', changed_at = v_now
        FROM (
            SELECT DISTINCT u.repo_id, u.cid FROM unnest(p_use_repos, p_use_cids) u(repo_id, cid)
            WHERE u.repo_id = ANY (v_taken)
        ) u
        WHERE b.repo_id = u.repo_id AND b.cid = u.cid AND b.state <> 'live';
        SELECT u.cid INTO v_missing FROM unnest(p_use_repos, p_use_cids) u(repo_id, cid)
        WHERE u.repo_id = ANY (v_taken)
          AND NOT EXISTS (SELECT FROM blob b WHERE b.repo_id = u.repo_id AND b.cid = u.cid)
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'GRB01', MESSAGE = encode(v_missing, 'hex');
        END IF;
        INSERT INTO blob_use (repo_id, collection, rkey, cid, rev)
        SELECT w.* FROM unnest(p_use_repos, p_use_collections, p_use_rkeys, p_use_cids,
            p_use_revs) w(repo_id, collection, rkey, cid, rev)
        WHERE w.repo_id = ANY (v_taken);
    END IF;
    IF v_released IS NOT NULL THEN
        UPDATE blob b SET state = 'idle', changed_at = v_now
        FROM unnest(v_released_repos, v_released) w(repo_id, cid)
        WHERE b.repo_id = w.repo_id AND b.cid = w.cid AND b.state = 'live'
          AND NOT EXISTS (
            SELECT FROM blob_use u WHERE u.repo_id = b.repo_id AND u.cid = b.cid);
    END IF;

    IF cardinality(v_taken) < cardinality(p_repos) THEN
        RETURN QUERY SELECT w.id, coalesce(r.status, 'gone')
        FROM unnest(p_repos) w(id) LEFT JOIN repo r USING (id)
        WHERE w.id <> ALL (v_taken);
    END IF;
END $$;
