

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE FUNCTION public.append_event(p_repo bigint, p_kind integer, p_seq_at integer, p_body bytea) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.apply_commits(p_repos bigint[], p_prevs text[], p_revs text[], p_heads bytea[], p_datas bytea[], p_commits bytea[], p_growths integer[], p_event_repos bigint[], p_seq_ats integer[], p_bodies bytea[], p_left_repos bigint[], p_left_collections text[], p_left_rkeys text[], p_record_repos bigint[], p_collections text[], p_rkeys text[], p_cids bytea[], p_record_revs text[], p_subjects text[], p_blocks bytea[], p_gone_repos bigint[], p_gone bytea[], p_node_repos bigint[], p_node_cids bytea[], p_node_revs text[], p_node_blocks bytea[], p_use_repos bigint[], p_use_collections text[], p_use_rkeys text[], p_use_cids bytea[], p_use_revs text[]) RETURNS TABLE(refused_id bigint, refused_status text)
    LANGUAGE plpgsql
    AS $$
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
        record_count = r.record_count + w.growth
    FROM unnest(p_repos, p_revs, p_heads, p_datas, p_commits, p_growths)
        w(id, rev, head, data, commit, growth)
    JOIN last ON last.repo_id = w.id
    WHERE r.id = w.id;

    IF cardinality(p_left_repos) > 0 THEN
        DELETE FROM record r
        USING unnest(p_left_repos, p_left_collections, p_left_rkeys) w(repo_id, collection, rkey)
        WHERE r.repo_id = w.repo_id AND r.collection = w.collection AND r.rkey = w.rkey
          AND w.repo_id = ANY (v_taken);
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

CREATE FUNCTION public.audit_entry_is_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception 'the audit log is append-only';
end $$;

CREATE FUNCTION public.cid_order(p_cid bytea) RETURNS bit
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    v_sum bit(290) := ('x' || encode(p_cid, 'hex'))::bit(290);
    v_carry bit(290) := repeat('00110', 58)::bit(290);
    v_old bit(290);
BEGIN
    FOR i IN 1..5 LOOP
        v_old := v_sum;
        v_sum := v_old # v_carry;
        v_carry := (v_old & v_carry & repeat('01111', 58)::bit(290)) << 1;
    END LOOP;
    RETURN v_sum;
END $$;

CREATE FUNCTION public.count_gone_blobs() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
    RETURN NULL;
END $$;

CREATE FUNCTION public.count_new_blobs() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO blob_usage AS u (repo_id, used_bytes, blob_count)
    SELECT repo_id, sum(size), count(*) FROM added GROUP BY repo_id ORDER BY repo_id
    ON CONFLICT (repo_id) DO UPDATE SET used_bytes = u.used_bytes + excluded.used_bytes,
        blob_count = u.blob_count + excluded.blob_count;
    RETURN NULL;
END $$;

CREATE FUNCTION public.drop_takedowns_of_gone_records() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM record_takedown t WHERE t.repo_id = NEW.id AND NOT EXISTS (
        SELECT FROM record c
        WHERE c.repo_id = t.repo_id AND c.collection = t.collection AND c.rkey = t.rkey);
    IF FOUND THEN
        UPDATE repo SET has_takedowns = false WHERE id = NEW.id
            AND NOT EXISTS (SELECT FROM record_takedown t WHERE t.repo_id = NEW.id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.drop_takedowns_of_gone_repo() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM record_takedown WHERE repo_id = OLD.id;
    RETURN NULL;
END $$;

CREATE FUNCTION public.ensure_event_partitions(p_days integer) RETURNS integer
    LANGUAGE plpgsql
    SET "TimeZone" TO 'UTC'
    SET client_min_messages TO 'warning'
    AS $$
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

CREATE FUNCTION public.number_pending_events(p_limit integer) RETURNS integer
    LANGUAGE plpgsql
    SET enable_bitmapscan TO 'off'
    AS $$
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

CREATE FUNCTION public.refuse_blob_move() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF (OLD.state, NEW.state) IN (
        ('staged', 'live'), ('staged', 'quarantined'),
        ('live', 'idle'), ('live', 'quarantined'),
        ('idle', 'live'), ('idle', 'quarantined'),
        ('quarantined', 'idle')
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = CASE OLD.state WHEN 'quarantined' THEN 'GRB01' ELSE 'GRB02' END,
        MESSAGE = encode(OLD.cid, 'hex'),
        DETAIL = format('%s cannot become %s', OLD.state, NEW.state);
END $$;

CREATE FUNCTION public.signing_key_keeps_its_owner() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the signing key % has an owner already', OLD.did_key
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION public.stage_blob(p_repo bigint, p_cid bytea, p_mime_type text, p_size bigint, p_key text, p_quota bigint, OUT outcome text, OUT stored_type text, OUT used bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_key text;
BEGIN
    INSERT INTO blob AS b (repo_id, cid, mime_type, size, state, key, changed_at, created_at)
    VALUES (p_repo, p_cid, p_mime_type, p_size, 'staged', p_key, now(), now())
    ON CONFLICT (repo_id, cid) DO UPDATE SET changed_at = now() WHERE b.state <> 'quarantined'
    RETURNING b.mime_type, b.key INTO stored_type, v_key;
    IF NOT FOUND THEN
        outcome := 'quarantined';
        RETURN;
    END IF;
    IF v_key <> p_key THEN
        outcome := 'known';
        RETURN;
    END IF;
    DELETE FROM doomed_file WHERE key = p_key AND due_at > now() + interval '1 hour';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'GRB03', MESSAGE = 'late';
    END IF;
    SELECT used_bytes INTO used FROM blob_usage WHERE repo_id = p_repo;
    IF used > p_quota THEN
        RAISE EXCEPTION USING ERRCODE = 'GRB03', MESSAGE = 'full';
    END IF;
    outcome := 'kept';
EXCEPTION WHEN SQLSTATE 'GRB03' THEN
    outcome := SQLERRM;
    SELECT used_bytes INTO used FROM blob_usage WHERE repo_id = p_repo;
END $$;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public.account (
    id bigint NOT NULL,
    did character varying(2048) NOT NULL,
    handle character varying(253),
    email character varying(320) NOT NULL,
    email_confirmed_at timestamp with time zone,
    password character varying(200) NOT NULL,
    signing_did_key character varying(100) NOT NULL,
    opened_at timestamp with time zone,
    deactivated_at timestamp with time zone,
    suspended_at timestamp with time zone,
    taken_down_at timestamp with time zone,
    takedown_ref character varying(300) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    status text GENERATED ALWAYS AS (
CASE
    WHEN (opened_at IS NULL) THEN 'pending'::text
    WHEN (taken_down_at IS NOT NULL) THEN 'takendown'::text
    WHEN (suspended_at IS NOT NULL) THEN 'suspended'::text
    WHEN (deactivated_at IS NOT NULL) THEN 'deactivated'::text
    ELSE 'active'::text
END) STORED,
    host_id bigint NOT NULL,
    delete_after timestamp with time zone,
    has_email_auth_factor boolean NOT NULL,
    did_document text DEFAULT ''::text NOT NULL,
    did_seen_at timestamp with time zone,
    did_looked_at timestamp with time zone,
    has_rotation_key boolean,
    moved_away_at timestamp with time zone,
    email_replaced_at timestamp with time zone,
    CONSTRAINT account_email_is_lower_case CHECK (((email)::text = lower((email)::text))),
    CONSTRAINT account_handle_is_lower_case CHECK (((handle)::text = lower((handle)::text)))
);

ALTER TABLE public.account ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.account_preference (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    value text NOT NULL,
    CONSTRAINT account_preference_position_check CHECK (("position" >= 0))
);

ALTER TABLE public.account_preference ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.account_preference_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.app_password (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    name character varying(100) NOT NULL,
    password_hash character varying(64) NOT NULL,
    is_privileged boolean NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE public.app_password ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.app_password_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.arrival (
    account_id bigint NOT NULL,
    moved_from character varying(300) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    looked_at timestamp with time zone,
    handed_over_at timestamp with time zone,
    activated_at timestamp with time zone
);

CREATE TABLE public.audit_entry (
    id bigint NOT NULL,
    action character varying(40) NOT NULL,
    subject_did character varying(2048) NOT NULL,
    subject_handle character varying(253) NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    host_id bigint NOT NULL,
    staff_id bigint,
    subject_cid character varying(100) NOT NULL,
    actor character varying(2048) NOT NULL,
    ref character varying(300) NOT NULL,
    subject_record character varying(1024) NOT NULL,
    stage character varying(8) NOT NULL,
    CONSTRAINT audit_entry_has_a_reason CHECK ((NOT (reason = ''::text))),
    CONSTRAINT audit_entry_has_one_actor CHECK (((((actor)::text = ''::text) AND (staff_id IS NOT NULL)) OR ((staff_id IS NULL) AND (NOT ((actor)::text = ''::text)))))
);

ALTER TABLE public.audit_entry ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.audit_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.auth_group (
    id integer NOT NULL,
    name character varying(150) NOT NULL
);

ALTER TABLE public.auth_group ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.auth_group_permissions (
    id bigint NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL
);

ALTER TABLE public.auth_group_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.auth_permission (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    content_type_id integer NOT NULL,
    codename character varying(100) NOT NULL
);

ALTER TABLE public.auth_permission ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_permission_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.blob (
    repo_id bigint NOT NULL,
    cid bytea NOT NULL,
    mime_type text NOT NULL,
    size bigint NOT NULL,
    state text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    key text NOT NULL,
    CONSTRAINT blob_state_is_known CHECK ((state = ANY (ARRAY['staged'::text, 'live'::text, 'idle'::text, 'quarantined'::text])))
);

CREATE TABLE public.blob_fetch (
    repo_id bigint NOT NULL,
    origin text NOT NULL,
    state text NOT NULL,
    next_attempt_at timestamp with time zone NOT NULL,
    is_running boolean NOT NULL,
    attempts integer NOT NULL,
    fetched_count bigint NOT NULL,
    last_error text NOT NULL,
    CONSTRAINT blob_fetch_attempts_check CHECK ((attempts >= 0))
);

CREATE TABLE public.blob_hold (
    repo_id bigint NOT NULL,
    cid bytea NOT NULL,
    mime_type text NOT NULL,
    size bigint NOT NULL,
    key text,
    held_until timestamp with time zone NOT NULL
);

CREATE TABLE public.blob_usage (
    repo_id bigint NOT NULL,
    used_bytes bigint NOT NULL,
    blob_count bigint NOT NULL,
    CONSTRAINT blob_usage_is_not_negative CHECK (((blob_count >= 0) AND (used_bytes >= 0)))
);

CREATE TABLE public.blob_use (
    repo_id bigint NOT NULL,
    collection text NOT NULL COLLATE pg_catalog."C",
    rkey text NOT NULL COLLATE pg_catalog."C",
    cid bytea NOT NULL,
    rev text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.crawl_ping (
    id bigint NOT NULL,
    host_id bigint NOT NULL,
    relay text NOT NULL,
    state text NOT NULL,
    seq bigint NOT NULL,
    last_asked_at timestamp with time zone NOT NULL,
    last_error text NOT NULL,
    failures smallint DEFAULT 0 NOT NULL,
    is_wanted boolean DEFAULT false NOT NULL
);

ALTER TABLE public.crawl_ping ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.crawl_ping_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.custom_handle (
    account_id bigint NOT NULL,
    next_check_at timestamp with time zone NOT NULL,
    failing_since timestamp with time zone,
    failure_count integer NOT NULL,
    lost_at timestamp with time zone,
    CONSTRAINT custom_handle_failure_count_check CHECK ((failure_count >= 0))
);

CREATE TABLE public.denied_blob (
    id bigint NOT NULL,
    host_id bigint,
    cid bytea NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE public.denied_blob ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.denied_blob_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.django_admin_log (
    id integer NOT NULL,
    action_time timestamp with time zone NOT NULL,
    object_id text,
    object_repr character varying(200) NOT NULL,
    action_flag smallint NOT NULL,
    change_message text NOT NULL,
    content_type_id integer,
    user_id bigint NOT NULL,
    CONSTRAINT django_admin_log_action_flag_check CHECK ((action_flag >= 0))
);

ALTER TABLE public.django_admin_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_admin_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.django_content_type (
    id integer NOT NULL,
    app_label character varying(100) NOT NULL,
    model character varying(100) NOT NULL
);

ALTER TABLE public.django_content_type ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_content_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.django_migrations (
    id bigint NOT NULL,
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp with time zone NOT NULL
);

ALTER TABLE public.django_migrations ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_migrations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.django_session (
    session_key character varying(40) NOT NULL,
    session_data text NOT NULL,
    expire_date timestamp with time zone NOT NULL
);

CREATE TABLE public.doomed_file (
    key text NOT NULL,
    due_at timestamp with time zone NOT NULL
);

CREATE TABLE public.doomed_repo (
    repo_id bigint NOT NULL,
    host_id bigint NOT NULL,
    did text NOT NULL,
    last_event_id bigint NOT NULL,
    lease_ends_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE public.email_token (
    id bigint NOT NULL,
    purpose character varying(20) NOT NULL,
    code_hash character varying(64) NOT NULL,
    wrong_tries smallint NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    account_id bigint NOT NULL,
    seed character varying(32) DEFAULT ''::character varying NOT NULL,
    CONSTRAINT email_token_wrong_tries_check CHECK ((wrong_tries >= 0))
);

ALTER TABLE public.email_token ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.email_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE SEQUENCE public.event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.event (
    id bigint DEFAULT nextval('public.event_id_seq'::regclass) NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    host_id bigint NOT NULL,
    repo_id bigint NOT NULL,
    did text NOT NULL,
    kind smallint NOT NULL,
    seq_at integer NOT NULL,
    seq bigint,
    "position" bigint,
    body bytea NOT NULL
)
PARTITION BY RANGE (created_at);
ALTER TABLE ONLY public.event ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE public.event_20261130 (
    id bigint DEFAULT nextval('public.event_id_seq'::regclass) CONSTRAINT event_id_not_null NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT event_created_at_not_null NOT NULL,
    host_id bigint CONSTRAINT event_host_id_not_null NOT NULL,
    repo_id bigint CONSTRAINT event_repo_id_not_null NOT NULL,
    did text CONSTRAINT event_did_not_null NOT NULL,
    kind smallint CONSTRAINT event_kind_not_null NOT NULL,
    seq_at integer CONSTRAINT event_seq_at_not_null NOT NULL,
    seq bigint,
    "position" bigint,
    body bytea CONSTRAINT event_body_not_null NOT NULL
);
ALTER TABLE ONLY public.event_20261130 ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE public.event_20261201 (
    id bigint DEFAULT nextval('public.event_id_seq'::regclass) CONSTRAINT event_id_not_null NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT event_created_at_not_null NOT NULL,
    host_id bigint CONSTRAINT event_host_id_not_null NOT NULL,
    repo_id bigint CONSTRAINT event_repo_id_not_null NOT NULL,
    did text CONSTRAINT event_did_not_null NOT NULL,
    kind smallint CONSTRAINT event_kind_not_null NOT NULL,
    seq_at integer CONSTRAINT event_seq_at_not_null NOT NULL,
    seq bigint,
    "position" bigint,
    body bytea CONSTRAINT event_body_not_null NOT NULL
);
ALTER TABLE ONLY public.event_20261201 ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE public.event_20261202 (
    id bigint DEFAULT nextval('public.event_id_seq'::regclass) CONSTRAINT event_id_not_null NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT event_created_at_not_null NOT NULL,
    host_id bigint CONSTRAINT event_host_id_not_null NOT NULL,
    repo_id bigint CONSTRAINT event_repo_id_not_null NOT NULL,
    did text CONSTRAINT event_did_not_null NOT NULL,
    kind smallint CONSTRAINT event_kind_not_null NOT NULL,
    seq_at integer CONSTRAINT event_seq_at_not_null NOT NULL,
    seq bigint,
    "position" bigint,
    body bytea CONSTRAINT event_body_not_null NOT NULL
);
ALTER TABLE ONLY public.event_20261202 ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE public.event_20261203 (
    id bigint DEFAULT nextval('public.event_id_seq'::regclass) CONSTRAINT event_id_not_null NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT event_created_at_not_null NOT NULL,
    host_id bigint CONSTRAINT event_host_id_not_null NOT NULL,
    repo_id bigint CONSTRAINT event_repo_id_not_null NOT NULL,
    did text CONSTRAINT event_did_not_null NOT NULL,
    kind smallint CONSTRAINT event_kind_not_null NOT NULL,
    seq_at integer CONSTRAINT event_seq_at_not_null NOT NULL,
    seq bigint,
    "position" bigint,
    body bytea CONSTRAINT event_body_not_null NOT NULL
);
ALTER TABLE ONLY public.event_20261203 ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE public.event_counter (
    host_id bigint NOT NULL,
    last_seq bigint NOT NULL,
    dropped_seq bigint DEFAULT 0 NOT NULL
);

CREATE TABLE public.event_default (
    id bigint DEFAULT nextval('public.event_id_seq'::regclass) CONSTRAINT event_id_not_null NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT event_created_at_not_null NOT NULL,
    host_id bigint CONSTRAINT event_host_id_not_null NOT NULL,
    repo_id bigint CONSTRAINT event_repo_id_not_null NOT NULL,
    did text CONSTRAINT event_did_not_null NOT NULL,
    kind smallint CONSTRAINT event_kind_not_null NOT NULL,
    seq_at integer CONSTRAINT event_seq_at_not_null NOT NULL,
    seq bigint,
    "position" bigint,
    body bytea CONSTRAINT event_body_not_null NOT NULL
);
ALTER TABLE ONLY public.event_default ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE public.evidence (
    id bigint NOT NULL,
    repo_id bigint NOT NULL,
    did character varying(2048) NOT NULL,
    path character varying(1024) NOT NULL,
    cid character varying(100) NOT NULL,
    data bytea NOT NULL,
    size_bytes bigint NOT NULL,
    reported_by character varying(2048) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    kept_until timestamp with time zone NOT NULL,
    host_id bigint NOT NULL
);

ALTER TABLE public.evidence ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.evidence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.firehose_restore (
    id bigint NOT NULL,
    host_id bigint NOT NULL,
    step bigint NOT NULL,
    last_repo_id bigint NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);

ALTER TABLE public.firehose_restore ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.firehose_restore_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.handle_domain (
    id bigint NOT NULL,
    name character varying(253) NOT NULL,
    "position" smallint NOT NULL,
    host_id bigint NOT NULL,
    CONSTRAINT handle_domain_position_check CHECK (("position" >= 0))
);

ALTER TABLE public.handle_domain ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.handle_domain_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.held_sign_up (
    id bigint NOT NULL,
    handle character varying(253) NOT NULL,
    email character varying(320) NOT NULL,
    password character varying(200) NOT NULL,
    recovery_key character varying(256) NOT NULL,
    invite_code character varying(300) NOT NULL,
    did character varying(2048) NOT NULL,
    address character varying(64) NOT NULL,
    language character varying(10) NOT NULL,
    reason character varying(16) NOT NULL,
    state character varying(16) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    host_id bigint NOT NULL,
    CONSTRAINT held_sign_up_is_decided_when_not_waiting CHECK ((((decided_at IS NULL) AND ((state)::text = 'waiting'::text)) OR ((NOT ((state)::text = 'waiting'::text)) AND (decided_at IS NOT NULL) AND ((password)::text = ''::text)))),
    CONSTRAINT held_sign_up_is_lower_case CHECK ((((email)::text = lower((email)::text)) AND ((handle)::text = lower((handle)::text))))
);

ALTER TABLE public.held_sign_up ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.held_sign_up_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.host (
    id bigint NOT NULL,
    hostname character varying(253) NOT NULL,
    origin character varying(300) NOT NULL,
    service_did character varying(300) NOT NULL,
    blob_limit_bytes bigint,
    admin_password character varying(200) NOT NULL,
    token_secret bytea NOT NULL,
    rotation_key bytea NOT NULL,
    rotation_did_key character varying(100) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    tenant_id bigint NOT NULL,
    blob_quota_bytes bigint,
    admission character varying(16) NOT NULL,
    sign_up_limit_count integer,
    invite_interval interval,
    invite_epoch timestamp with time zone,
    captcha_verify_url character varying(200) NOT NULL,
    captcha_site_key character varying(200) NOT NULL,
    captcha_secret bytea NOT NULL,
    moderation_did character varying(2048) NOT NULL,
    did_method character varying(8) NOT NULL,
    appview_cdn character varying(500) NOT NULL,
    appview_did character varying(2048) NOT NULL,
    appview_url character varying(200) NOT NULL,
    moderation_url character varying(200) NOT NULL,
    report_did character varying(2048) NOT NULL,
    report_url character varying(200) NOT NULL,
    CONSTRAINT host_hostname_is_lower_case CHECK (((hostname)::text = lower((hostname)::text))),
    CONSTRAINT host_sign_up_limit_count_check CHECK ((sign_up_limit_count >= 0))
);

ALTER TABLE public.host ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.host_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.import_job (
    id bigint NOT NULL,
    repo_id bigint NOT NULL,
    root bytea NOT NULL,
    file text NOT NULL,
    state text NOT NULL,
    record_count bigint NOT NULL,
    attempts integer NOT NULL,
    lease_ends_at timestamp with time zone NOT NULL,
    refusal_name text NOT NULL,
    refusal text NOT NULL,
    refusal_status smallint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    CONSTRAINT import_job_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT import_job_refusal_status_check CHECK ((refusal_status >= 0))
);

ALTER TABLE public.import_job ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.import_job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.invite_code (
    id bigint NOT NULL,
    code character varying(300) NOT NULL,
    for_account character varying(2048) NOT NULL,
    created_by character varying(2048) NOT NULL,
    available_count integer NOT NULL,
    used_count integer NOT NULL,
    is_disabled boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    host_id bigint NOT NULL,
    CONSTRAINT invite_code_available_count_check CHECK ((available_count >= 0)),
    CONSTRAINT invite_code_is_not_overused CHECK ((used_count <= available_count)),
    CONSTRAINT invite_code_used_count_check CHECK ((used_count >= 0))
);

ALTER TABLE public.invite_code ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.invite_code_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.invite_permission (
    account_id bigint NOT NULL,
    is_disabled boolean NOT NULL,
    note character varying(2000) NOT NULL
);

CREATE TABLE public.invite_use (
    id bigint NOT NULL,
    used_by character varying(2048) NOT NULL,
    used_at timestamp with time zone NOT NULL,
    code_id bigint NOT NULL
);

ALTER TABLE public.invite_use ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.invite_use_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.known_place (
    id bigint NOT NULL,
    place_hash character varying(64) NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    account_id bigint NOT NULL
);

ALTER TABLE public.known_place ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.known_place_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.mail_count (
    id bigint NOT NULL,
    who character varying(64) NOT NULL,
    name character varying(40) NOT NULL,
    window_s integer NOT NULL,
    count integer NOT NULL,
    resets_at timestamp with time zone NOT NULL,
    host_id bigint NOT NULL
);

ALTER TABLE public.mail_count ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.mail_count_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.mail_sender (
    id bigint NOT NULL,
    address character varying(254) NOT NULL,
    language character varying(10) NOT NULL,
    has_sign_in_alerts boolean NOT NULL,
    host_id bigint NOT NULL
);

ALTER TABLE public.mail_sender ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.mail_sender_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.member (
    id bigint NOT NULL,
    role character varying(16) NOT NULL,
    user_id bigint NOT NULL,
    tenant_id bigint NOT NULL
);

ALTER TABLE public.member ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.member_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.network_lexicon (
    nsid text NOT NULL,
    is_wanted boolean NOT NULL,
    due_at timestamp with time zone NOT NULL,
    did text NOT NULL,
    cid bytea,
    document bytea,
    failure text NOT NULL,
    claimed_did text NOT NULL,
    resolved_at timestamp with time zone
);

CREATE TABLE public.node (
    repo_id bigint NOT NULL,
    cid bytea NOT NULL,
    rev text NOT NULL COLLATE pg_catalog."C",
    data bytea NOT NULL
)
PARTITION BY HASH (repo_id);

CREATE TABLE public.node_0 (
    repo_id bigint CONSTRAINT node_repo_id_not_null NOT NULL,
    cid bytea CONSTRAINT node_cid_not_null NOT NULL,
    rev text CONSTRAINT node_rev_not_null NOT NULL COLLATE pg_catalog."C",
    data bytea CONSTRAINT node_data_not_null NOT NULL
);

CREATE TABLE public.outgoing_mail (
    id bigint NOT NULL,
    message_id character varying(300) NOT NULL,
    letter character varying(40) NOT NULL,
    recipient character varying(320) NOT NULL,
    subject character varying(300) NOT NULL,
    text text NOT NULL,
    html text NOT NULL,
    state character varying(16) NOT NULL,
    attempts integer NOT NULL,
    next_attempt_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_error character varying(300) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    host_id bigint NOT NULL,
    CONSTRAINT outgoing_mail_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT outgoing_mail_is_decided_or_unsent CHECK ((((decided_at IS NULL) AND ((state)::text = ANY ((ARRAY['queued'::character varying, 'sending'::character varying])::text[]))) OR ((NOT ((state)::text = ANY ((ARRAY['queued'::character varying, 'sending'::character varying])::text[]))) AND (decided_at IS NOT NULL)))),
    CONSTRAINT outgoing_mail_keeps_no_words_once_decided CHECK ((((state)::text = ANY ((ARRAY['queued'::character varying, 'sending'::character varying, 'captured'::character varying])::text[])) OR ((html = ''::text) AND (text = ''::text))))
);

ALTER TABLE public.outgoing_mail ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.outgoing_mail_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.plc_directory_operation (
    id bigint NOT NULL,
    did character varying(32) NOT NULL,
    cid character varying(64) NOT NULL,
    operation jsonb NOT NULL,
    nullified boolean NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE public.plc_directory_operation ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.plc_directory_operation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.plc_operation (
    id bigint NOT NULL,
    did character varying(2048) NOT NULL,
    kind character varying(16) NOT NULL,
    operation jsonb NOT NULL,
    cid character varying(100) NOT NULL,
    state character varying(16) NOT NULL,
    attempts integer NOT NULL,
    next_attempt_at timestamp with time zone NOT NULL,
    last_failure character varying(16) NOT NULL,
    last_error character varying(500) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    account_id bigint,
    new_handle character varying(253) NOT NULL,
    new_signing_did_key character varying(100) NOT NULL,
    CONSTRAINT plc_operation_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT plc_operation_is_decided_when_not_pending CHECK ((((decided_at IS NULL) AND ((state)::text = 'pending'::text)) OR ((NOT ((state)::text = 'pending'::text)) AND (decided_at IS NOT NULL))))
);

ALTER TABLE public.plc_operation ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.plc_operation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.record (
    repo_id bigint NOT NULL,
    collection text NOT NULL COLLATE pg_catalog."C",
    rkey text NOT NULL COLLATE pg_catalog."C",
    cid bytea NOT NULL,
    rev text NOT NULL COLLATE pg_catalog."C",
    subject text COLLATE pg_catalog."C",
    data bytea NOT NULL
)
PARTITION BY HASH (repo_id);

CREATE TABLE public.record_0 (
    repo_id bigint CONSTRAINT record_repo_id_not_null NOT NULL,
    collection text CONSTRAINT record_collection_not_null NOT NULL COLLATE pg_catalog."C",
    rkey text CONSTRAINT record_rkey_not_null NOT NULL COLLATE pg_catalog."C",
    cid bytea CONSTRAINT record_cid_not_null NOT NULL,
    rev text CONSTRAINT record_rev_not_null NOT NULL COLLATE pg_catalog."C",
    subject text COLLATE pg_catalog."C",
    data bytea CONSTRAINT record_data_not_null NOT NULL
);

CREATE TABLE public.record_takedown (
    repo_id bigint NOT NULL,
    collection text NOT NULL COLLATE pg_catalog."C",
    rkey text NOT NULL COLLATE pg_catalog."C",
    ref text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE public.repo (
    id bigint NOT NULL,
    did text NOT NULL,
    host_id bigint NOT NULL,
    status text NOT NULL,
    head bytea NOT NULL,
    rev text NOT NULL COLLATE pg_catalog."C",
    data bytea NOT NULL,
    commit bytea NOT NULL,
    signing_did_key text NOT NULL,
    last_event_id bigint,
    last_event_at timestamp with time zone,
    record_count bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    has_takedowns boolean DEFAULT false NOT NULL,
    first_rev text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT repo_has_no_negative_records CHECK ((record_count >= 0)),
    CONSTRAINT repo_status_is_known CHECK ((status = ANY (ARRAY['active'::text, 'deactivated'::text, 'suspended'::text, 'takendown'::text])))
)
WITH (fillfactor='70');

CREATE TABLE public.report (
    id bigint NOT NULL,
    host_id bigint NOT NULL,
    reported_by character varying(2048) NOT NULL,
    reason_type character varying(300) NOT NULL,
    reason text NOT NULL,
    subject_did character varying(2048) NOT NULL,
    subject_uri character varying(8192) NOT NULL,
    subject_cid character varying(256) NOT NULL,
    tool text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    evidence_id bigint
);

ALTER TABLE public.report ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.report_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.reserved_key (
    id bigint NOT NULL,
    did character varying(2048) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    host_id bigint NOT NULL,
    did_key character varying(100) NOT NULL
);

ALTER TABLE public.reserved_key ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.reserved_key_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.session (
    jti character varying(64) NOT NULL,
    lineage uuid NOT NULL,
    scope character varying(64) NOT NULL,
    app_password_name character varying(100),
    next_jti character varying(64),
    grace_ends_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    account_id bigint NOT NULL,
    CONSTRAINT session_has_grace_when_refreshed CHECK ((((grace_ends_at IS NULL) AND (next_jti IS NULL)) OR ((grace_ends_at IS NOT NULL) AND (next_jti IS NOT NULL))))
);

CREATE TABLE public.sign_up_breaker (
    host_id bigint NOT NULL,
    window_started_at timestamp with time zone NOT NULL,
    counted integer NOT NULL,
    tripped_at timestamp with time zone,
    CONSTRAINT sign_up_breaker_counted_check CHECK ((counted >= 0))
);

CREATE TABLE public.signing_key (
    did_key character varying(100) NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    host_id bigint,
    did character varying(2048) DEFAULT ''::character varying NOT NULL
);

CREATE TABLE public.spent_challenge (
    digest character varying(64) NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE public.staff_user (
    id bigint NOT NULL,
    password character varying(128) NOT NULL,
    last_login timestamp with time zone,
    is_superuser boolean NOT NULL,
    username character varying(150) NOT NULL,
    first_name character varying(150) NOT NULL,
    last_name character varying(150) NOT NULL,
    email character varying(254) NOT NULL,
    is_staff boolean NOT NULL,
    is_active boolean NOT NULL,
    date_joined timestamp with time zone NOT NULL,
    is_platform_staff boolean NOT NULL
);

CREATE TABLE public.staff_user_groups (
    id bigint NOT NULL,
    staffuser_id bigint NOT NULL,
    group_id integer NOT NULL
);

ALTER TABLE public.staff_user_groups ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.staff_user_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.staff_user ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.staff_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.staff_user_user_permissions (
    id bigint NOT NULL,
    staffuser_id bigint NOT NULL,
    permission_id integer NOT NULL
);

ALTER TABLE public.staff_user_user_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.staff_user_user_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.tenant (
    id bigint NOT NULL,
    slug character varying(50) NOT NULL,
    name character varying(100) NOT NULL,
    primary_colour character varying(7) NOT NULL,
    support_email character varying(254) NOT NULL,
    privacy_policy_url character varying(200) NOT NULL,
    terms_of_service_url character varying(200) NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE public.tenant ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.tenant_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.unfetched_blob (
    repo_id bigint NOT NULL,
    cid bytea NOT NULL,
    attempts integer NOT NULL,
    next_attempt_at timestamp with time zone,
    last_error text NOT NULL,
    CONSTRAINT unfetched_blob_attempts_check CHECK ((attempts >= 0))
);

CREATE TABLE public.web_identity (
    did character varying(300) NOT NULL,
    also_known_as jsonb NOT NULL,
    verification_methods jsonb NOT NULL,
    services jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    account_id bigint,
    host_id bigint NOT NULL
);

CREATE TABLE public.web_session (
    token_sha256 character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    account_id bigint NOT NULL
);

ALTER TABLE ONLY public.event ATTACH PARTITION public.event_20261130 FOR VALUES FROM ('2026-11-30 00:00:00+00') TO ('2026-12-01 00:00:00+00');

ALTER TABLE ONLY public.event ATTACH PARTITION public.event_20261201 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2026-12-02 00:00:00+00');

ALTER TABLE ONLY public.event ATTACH PARTITION public.event_20261202 FOR VALUES FROM ('2026-12-02 00:00:00+00') TO ('2026-12-03 00:00:00+00');

ALTER TABLE ONLY public.event ATTACH PARTITION public.event_20261203 FOR VALUES FROM ('2026-12-03 00:00:00+00') TO ('2026-12-04 00:00:00+00');

ALTER TABLE ONLY public.event ATTACH PARTITION public.event_default DEFAULT;

ALTER TABLE ONLY public.node ATTACH PARTITION public.node_0 FOR VALUES WITH (modulus 1, remainder 0);

ALTER TABLE ONLY public.record ATTACH PARTITION public.record_0 FOR VALUES WITH (modulus 1, remainder 0);

INSERT INTO public.account VALUES (1, 'did:plc:1veraaaaaaaaaaaaaaaaaaaa', 'vera.old.example', 'vera@example.com', NULL, 'argon2$argon2id$v=19$m=19456,t=2,p=1$VkcyYmoxUUZhSU1iT1VXTFA0UVozSw$MMPs3OpvmQ8Tz/sVgSLvOv9dlY+kFXon0et+mA/tStk', 'did:key:zQ3shQ23AHyGt2DcMn6gwFuVd5ND2LpYNiVdjeHJsey41S4gn', '2026-11-30 05:58:41.609506+00', NULL, NULL, NULL, '', '2026-11-30 05:58:41.614322+00', DEFAULT, 1, NULL, false, '', NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.auth_permission VALUES (1, 'Can add host', 1, 'add_host');
INSERT INTO public.auth_permission VALUES (2, 'Can change host', 1, 'change_host');
INSERT INTO public.auth_permission VALUES (3, 'Can delete host', 1, 'delete_host');
INSERT INTO public.auth_permission VALUES (4, 'Can view host', 1, 'view_host');
INSERT INTO public.auth_permission VALUES (5, 'Can add tenant', 2, 'add_tenant');
INSERT INTO public.auth_permission VALUES (6, 'Can change tenant', 2, 'change_tenant');
INSERT INTO public.auth_permission VALUES (7, 'Can delete tenant', 2, 'delete_tenant');
INSERT INTO public.auth_permission VALUES (8, 'Can view tenant', 2, 'view_tenant');
INSERT INTO public.auth_permission VALUES (9, 'Can add staff user', 3, 'add_staffuser');
INSERT INTO public.auth_permission VALUES (10, 'Can change staff user', 3, 'change_staffuser');
INSERT INTO public.auth_permission VALUES (11, 'Can delete staff user', 3, 'delete_staffuser');
INSERT INTO public.auth_permission VALUES (12, 'Can view staff user', 3, 'view_staffuser');
INSERT INTO public.auth_permission VALUES (13, 'Can add handle domain', 4, 'add_handledomain');
INSERT INTO public.auth_permission VALUES (14, 'Can change handle domain', 4, 'change_handledomain');
INSERT INTO public.auth_permission VALUES (15, 'Can delete handle domain', 4, 'delete_handledomain');
INSERT INTO public.auth_permission VALUES (16, 'Can view handle domain', 4, 'view_handledomain');
INSERT INTO public.auth_permission VALUES (17, 'Can add member', 5, 'add_member');
INSERT INTO public.auth_permission VALUES (18, 'Can change member', 5, 'change_member');
INSERT INTO public.auth_permission VALUES (19, 'Can delete member', 5, 'delete_member');
INSERT INTO public.auth_permission VALUES (20, 'Can view member', 5, 'view_member');
INSERT INTO public.auth_permission VALUES (21, 'Can add operation', 6, 'add_operation');
INSERT INTO public.auth_permission VALUES (22, 'Can change operation', 6, 'change_operation');
INSERT INTO public.auth_permission VALUES (23, 'Can delete operation', 6, 'delete_operation');
INSERT INTO public.auth_permission VALUES (24, 'Can view operation', 6, 'view_operation');
INSERT INTO public.auth_permission VALUES (25, 'Can add sender', 7, 'add_sender');
INSERT INTO public.auth_permission VALUES (26, 'Can change sender', 7, 'change_sender');
INSERT INTO public.auth_permission VALUES (27, 'Can delete sender', 7, 'delete_sender');
INSERT INTO public.auth_permission VALUES (28, 'Can view sender', 7, 'view_sender');
INSERT INTO public.auth_permission VALUES (29, 'Can add letter', 8, 'add_outgoingmail');
INSERT INTO public.auth_permission VALUES (30, 'Can change letter', 8, 'change_outgoingmail');
INSERT INTO public.auth_permission VALUES (31, 'Can delete letter', 8, 'delete_outgoingmail');
INSERT INTO public.auth_permission VALUES (32, 'Can view letter', 8, 'view_outgoingmail');
INSERT INTO public.auth_permission VALUES (33, 'Can add mail count', 9, 'add_mailcount');
INSERT INTO public.auth_permission VALUES (34, 'Can change mail count', 9, 'change_mailcount');
INSERT INTO public.auth_permission VALUES (35, 'Can delete mail count', 9, 'delete_mailcount');
INSERT INTO public.auth_permission VALUES (36, 'Can view mail count', 9, 'view_mailcount');
INSERT INTO public.auth_permission VALUES (37, 'Can add signing key', 10, 'add_signingkey');
INSERT INTO public.auth_permission VALUES (38, 'Can change signing key', 10, 'change_signingkey');
INSERT INTO public.auth_permission VALUES (39, 'Can delete signing key', 10, 'delete_signingkey');
INSERT INTO public.auth_permission VALUES (40, 'Can view signing key', 10, 'view_signingkey');
INSERT INTO public.auth_permission VALUES (41, 'Can add account', 11, 'add_account');
INSERT INTO public.auth_permission VALUES (42, 'Can change account', 11, 'change_account');
INSERT INTO public.auth_permission VALUES (43, 'Can delete account', 11, 'delete_account');
INSERT INTO public.auth_permission VALUES (44, 'Can view account', 11, 'view_account');
INSERT INTO public.auth_permission VALUES (45, 'Can add plc operation', 12, 'add_plcoperation');
INSERT INTO public.auth_permission VALUES (46, 'Can change plc operation', 12, 'change_plcoperation');
INSERT INTO public.auth_permission VALUES (47, 'Can delete plc operation', 12, 'delete_plcoperation');
INSERT INTO public.auth_permission VALUES (48, 'Can view plc operation', 12, 'view_plcoperation');
INSERT INTO public.auth_permission VALUES (49, 'Can add session', 13, 'add_session');
INSERT INTO public.auth_permission VALUES (50, 'Can change session', 13, 'change_session');
INSERT INTO public.auth_permission VALUES (51, 'Can delete session', 13, 'delete_session');
INSERT INTO public.auth_permission VALUES (52, 'Can view session', 13, 'view_session');
INSERT INTO public.auth_permission VALUES (53, 'Can add web session', 14, 'add_websession');
INSERT INTO public.auth_permission VALUES (54, 'Can change web session', 14, 'change_websession');
INSERT INTO public.auth_permission VALUES (55, 'Can delete web session', 14, 'delete_websession');
INSERT INTO public.auth_permission VALUES (56, 'Can view web session', 14, 'view_websession');
INSERT INTO public.auth_permission VALUES (57, 'Can add app password', 15, 'add_apppassword');
INSERT INTO public.auth_permission VALUES (58, 'Can change app password', 15, 'change_apppassword');
INSERT INTO public.auth_permission VALUES (59, 'Can delete app password', 15, 'delete_apppassword');
INSERT INTO public.auth_permission VALUES (60, 'Can view app password', 15, 'view_apppassword');
INSERT INTO public.auth_permission VALUES (61, 'Can add preference', 16, 'add_preference');
INSERT INTO public.auth_permission VALUES (62, 'Can change preference', 16, 'change_preference');
INSERT INTO public.auth_permission VALUES (63, 'Can delete preference', 16, 'delete_preference');
INSERT INTO public.auth_permission VALUES (64, 'Can view preference', 16, 'view_preference');
INSERT INTO public.auth_permission VALUES (65, 'Can add email token', 17, 'add_emailtoken');
INSERT INTO public.auth_permission VALUES (66, 'Can change email token', 17, 'change_emailtoken');
INSERT INTO public.auth_permission VALUES (67, 'Can delete email token', 17, 'delete_emailtoken');
INSERT INTO public.auth_permission VALUES (68, 'Can view email token', 17, 'view_emailtoken');
INSERT INTO public.auth_permission VALUES (69, 'Can add known place', 18, 'add_knownplace');
INSERT INTO public.auth_permission VALUES (70, 'Can change known place', 18, 'change_knownplace');
INSERT INTO public.auth_permission VALUES (71, 'Can delete known place', 18, 'delete_knownplace');
INSERT INTO public.auth_permission VALUES (72, 'Can view known place', 18, 'view_knownplace');
INSERT INTO public.auth_permission VALUES (73, 'Can add invite permission', 19, 'add_invitepermission');
INSERT INTO public.auth_permission VALUES (74, 'Can change invite permission', 19, 'change_invitepermission');
INSERT INTO public.auth_permission VALUES (75, 'Can delete invite permission', 19, 'delete_invitepermission');
INSERT INTO public.auth_permission VALUES (76, 'Can view invite permission', 19, 'view_invitepermission');
INSERT INTO public.auth_permission VALUES (77, 'Can add sign up breaker', 20, 'add_signupbreaker');
INSERT INTO public.auth_permission VALUES (78, 'Can change sign up breaker', 20, 'change_signupbreaker');
INSERT INTO public.auth_permission VALUES (79, 'Can delete sign up breaker', 20, 'delete_signupbreaker');
INSERT INTO public.auth_permission VALUES (80, 'Can view sign up breaker', 20, 'view_signupbreaker');
INSERT INTO public.auth_permission VALUES (81, 'Can add spent challenge', 21, 'add_spentchallenge');
INSERT INTO public.auth_permission VALUES (82, 'Can change spent challenge', 21, 'change_spentchallenge');
INSERT INTO public.auth_permission VALUES (83, 'Can delete spent challenge', 21, 'delete_spentchallenge');
INSERT INTO public.auth_permission VALUES (84, 'Can view spent challenge', 21, 'view_spentchallenge');
INSERT INTO public.auth_permission VALUES (85, 'Can add invite code', 22, 'add_invitecode');
INSERT INTO public.auth_permission VALUES (86, 'Can change invite code', 22, 'change_invitecode');
INSERT INTO public.auth_permission VALUES (87, 'Can delete invite code', 22, 'delete_invitecode');
INSERT INTO public.auth_permission VALUES (88, 'Can view invite code', 22, 'view_invitecode');
INSERT INTO public.auth_permission VALUES (89, 'Can add invite use', 23, 'add_inviteuse');
INSERT INTO public.auth_permission VALUES (90, 'Can change invite use', 23, 'change_inviteuse');
INSERT INTO public.auth_permission VALUES (91, 'Can delete invite use', 23, 'delete_inviteuse');
INSERT INTO public.auth_permission VALUES (92, 'Can view invite use', 23, 'view_inviteuse');
INSERT INTO public.auth_permission VALUES (93, 'Can add held sign-up', 24, 'add_heldsignup');
INSERT INTO public.auth_permission VALUES (94, 'Can change held sign-up', 24, 'change_heldsignup');
INSERT INTO public.auth_permission VALUES (95, 'Can delete held sign-up', 24, 'delete_heldsignup');
INSERT INTO public.auth_permission VALUES (96, 'Can view held sign-up', 24, 'view_heldsignup');
INSERT INTO public.auth_permission VALUES (97, 'Can add arrival', 25, 'add_arrival');
INSERT INTO public.auth_permission VALUES (98, 'Can change arrival', 25, 'change_arrival');
INSERT INTO public.auth_permission VALUES (99, 'Can delete arrival', 25, 'delete_arrival');
INSERT INTO public.auth_permission VALUES (100, 'Can view arrival', 25, 'view_arrival');
INSERT INTO public.auth_permission VALUES (101, 'Can add custom handle', 26, 'add_customhandle');
INSERT INTO public.auth_permission VALUES (102, 'Can change custom handle', 26, 'change_customhandle');
INSERT INTO public.auth_permission VALUES (103, 'Can delete custom handle', 26, 'delete_customhandle');
INSERT INTO public.auth_permission VALUES (104, 'Can view custom handle', 26, 'view_customhandle');
INSERT INTO public.auth_permission VALUES (105, 'Can add reserved key', 27, 'add_reservedkey');
INSERT INTO public.auth_permission VALUES (106, 'Can change reserved key', 27, 'change_reservedkey');
INSERT INTO public.auth_permission VALUES (107, 'Can delete reserved key', 27, 'delete_reservedkey');
INSERT INTO public.auth_permission VALUES (108, 'Can view reserved key', 27, 'view_reservedkey');
INSERT INTO public.auth_permission VALUES (109, 'Can add web identity', 28, 'add_webidentity');
INSERT INTO public.auth_permission VALUES (110, 'Can change web identity', 28, 'change_webidentity');
INSERT INTO public.auth_permission VALUES (111, 'Can delete web identity', 28, 'delete_webidentity');
INSERT INTO public.auth_permission VALUES (112, 'Can view web identity', 28, 'view_webidentity');
INSERT INTO public.auth_permission VALUES (113, 'Can add repo', 29, 'add_repo');
INSERT INTO public.auth_permission VALUES (114, 'Can change repo', 29, 'change_repo');
INSERT INTO public.auth_permission VALUES (115, 'Can delete repo', 29, 'delete_repo');
INSERT INTO public.auth_permission VALUES (116, 'Can view repo', 29, 'view_repo');
INSERT INTO public.auth_permission VALUES (117, 'Can add record', 30, 'add_record');
INSERT INTO public.auth_permission VALUES (118, 'Can change record', 30, 'change_record');
INSERT INTO public.auth_permission VALUES (119, 'Can delete record', 30, 'delete_record');
INSERT INTO public.auth_permission VALUES (120, 'Can view record', 30, 'view_record');
INSERT INTO public.auth_permission VALUES (121, 'Can add node', 31, 'add_node');
INSERT INTO public.auth_permission VALUES (122, 'Can change node', 31, 'change_node');
INSERT INTO public.auth_permission VALUES (123, 'Can delete node', 31, 'delete_node');
INSERT INTO public.auth_permission VALUES (124, 'Can view node', 31, 'view_node');
INSERT INTO public.auth_permission VALUES (125, 'Can add blob', 32, 'add_blob');
INSERT INTO public.auth_permission VALUES (126, 'Can change blob', 32, 'change_blob');
INSERT INTO public.auth_permission VALUES (127, 'Can delete blob', 32, 'delete_blob');
INSERT INTO public.auth_permission VALUES (128, 'Can view blob', 32, 'view_blob');
INSERT INTO public.auth_permission VALUES (129, 'Can add blob use', 33, 'add_blobuse');
INSERT INTO public.auth_permission VALUES (130, 'Can change blob use', 33, 'change_blobuse');
INSERT INTO public.auth_permission VALUES (131, 'Can delete blob use', 33, 'delete_blobuse');
INSERT INTO public.auth_permission VALUES (132, 'Can view blob use', 33, 'view_blobuse');
INSERT INTO public.auth_permission VALUES (133, 'Can add event counter', 34, 'add_eventcounter');
INSERT INTO public.auth_permission VALUES (134, 'Can change event counter', 34, 'change_eventcounter');
INSERT INTO public.auth_permission VALUES (135, 'Can delete event counter', 34, 'delete_eventcounter');
INSERT INTO public.auth_permission VALUES (136, 'Can view event counter', 34, 'view_eventcounter');
INSERT INTO public.auth_permission VALUES (137, 'Can add event', 35, 'add_event');
INSERT INTO public.auth_permission VALUES (138, 'Can change event', 35, 'change_event');
INSERT INTO public.auth_permission VALUES (139, 'Can delete event', 35, 'delete_event');
INSERT INTO public.auth_permission VALUES (140, 'Can view event', 35, 'view_event');
INSERT INTO public.auth_permission VALUES (141, 'Can add import job', 36, 'add_importjob');
INSERT INTO public.auth_permission VALUES (142, 'Can change import job', 36, 'change_importjob');
INSERT INTO public.auth_permission VALUES (143, 'Can delete import job', 36, 'delete_importjob');
INSERT INTO public.auth_permission VALUES (144, 'Can view import job', 36, 'view_importjob');
INSERT INTO public.auth_permission VALUES (145, 'Can add crawl ping', 37, 'add_crawlping');
INSERT INTO public.auth_permission VALUES (146, 'Can change crawl ping', 37, 'change_crawlping');
INSERT INTO public.auth_permission VALUES (147, 'Can delete crawl ping', 37, 'delete_crawlping');
INSERT INTO public.auth_permission VALUES (148, 'Can view crawl ping', 37, 'view_crawlping');
INSERT INTO public.auth_permission VALUES (149, 'Can add firehose restore', 38, 'add_firehoserestore');
INSERT INTO public.auth_permission VALUES (150, 'Can change firehose restore', 38, 'change_firehoserestore');
INSERT INTO public.auth_permission VALUES (151, 'Can delete firehose restore', 38, 'delete_firehoserestore');
INSERT INTO public.auth_permission VALUES (152, 'Can view firehose restore', 38, 'view_firehoserestore');
INSERT INTO public.auth_permission VALUES (153, 'Can add blob usage', 39, 'add_blobusage');
INSERT INTO public.auth_permission VALUES (154, 'Can change blob usage', 39, 'change_blobusage');
INSERT INTO public.auth_permission VALUES (155, 'Can delete blob usage', 39, 'delete_blobusage');
INSERT INTO public.auth_permission VALUES (156, 'Can view blob usage', 39, 'view_blobusage');
INSERT INTO public.auth_permission VALUES (157, 'Can add doomed file', 40, 'add_doomedfile');
INSERT INTO public.auth_permission VALUES (158, 'Can change doomed file', 40, 'change_doomedfile');
INSERT INTO public.auth_permission VALUES (159, 'Can delete doomed file', 40, 'delete_doomedfile');
INSERT INTO public.auth_permission VALUES (160, 'Can view doomed file', 40, 'view_doomedfile');
INSERT INTO public.auth_permission VALUES (161, 'Can add denied blob', 41, 'add_deniedblob');
INSERT INTO public.auth_permission VALUES (162, 'Can change denied blob', 41, 'change_deniedblob');
INSERT INTO public.auth_permission VALUES (163, 'Can delete denied blob', 41, 'delete_deniedblob');
INSERT INTO public.auth_permission VALUES (164, 'Can view denied blob', 41, 'view_deniedblob');
INSERT INTO public.auth_permission VALUES (165, 'Can add record takedown', 42, 'add_recordtakedown');
INSERT INTO public.auth_permission VALUES (166, 'Can change record takedown', 42, 'change_recordtakedown');
INSERT INTO public.auth_permission VALUES (167, 'Can delete record takedown', 42, 'delete_recordtakedown');
INSERT INTO public.auth_permission VALUES (168, 'Can view record takedown', 42, 'view_recordtakedown');
INSERT INTO public.auth_permission VALUES (169, 'Can add doomed repo', 43, 'add_doomedrepo');
INSERT INTO public.auth_permission VALUES (170, 'Can change doomed repo', 43, 'change_doomedrepo');
INSERT INTO public.auth_permission VALUES (171, 'Can delete doomed repo', 43, 'delete_doomedrepo');
INSERT INTO public.auth_permission VALUES (172, 'Can view doomed repo', 43, 'view_doomedrepo');
INSERT INTO public.auth_permission VALUES (173, 'Can add blob fetch', 44, 'add_blobfetch');
INSERT INTO public.auth_permission VALUES (174, 'Can change blob fetch', 44, 'change_blobfetch');
INSERT INTO public.auth_permission VALUES (175, 'Can delete blob fetch', 44, 'delete_blobfetch');
INSERT INTO public.auth_permission VALUES (176, 'Can view blob fetch', 44, 'view_blobfetch');
INSERT INTO public.auth_permission VALUES (177, 'Can add unfetched blob', 45, 'add_unfetchedblob');
INSERT INTO public.auth_permission VALUES (178, 'Can change unfetched blob', 45, 'change_unfetchedblob');
INSERT INTO public.auth_permission VALUES (179, 'Can delete unfetched blob', 45, 'delete_unfetchedblob');
INSERT INTO public.auth_permission VALUES (180, 'Can view unfetched blob', 45, 'view_unfetchedblob');
INSERT INTO public.auth_permission VALUES (181, 'Can add network lexicon', 46, 'add_networklexicon');
INSERT INTO public.auth_permission VALUES (182, 'Can change network lexicon', 46, 'change_networklexicon');
INSERT INTO public.auth_permission VALUES (183, 'Can delete network lexicon', 46, 'delete_networklexicon');
INSERT INTO public.auth_permission VALUES (184, 'Can view network lexicon', 46, 'view_networklexicon');
INSERT INTO public.auth_permission VALUES (185, 'Can add blob hold', 47, 'add_blobhold');
INSERT INTO public.auth_permission VALUES (186, 'Can change blob hold', 47, 'change_blobhold');
INSERT INTO public.auth_permission VALUES (187, 'Can delete blob hold', 47, 'delete_blobhold');
INSERT INTO public.auth_permission VALUES (188, 'Can view blob hold', 47, 'view_blobhold');
INSERT INTO public.auth_permission VALUES (189, 'Can add audit entry', 48, 'add_auditentry');
INSERT INTO public.auth_permission VALUES (190, 'Can change audit entry', 48, 'change_auditentry');
INSERT INTO public.auth_permission VALUES (191, 'Can delete audit entry', 48, 'delete_auditentry');
INSERT INTO public.auth_permission VALUES (192, 'Can view audit entry', 48, 'view_auditentry');
INSERT INTO public.auth_permission VALUES (193, 'Can add report', 49, 'add_report');
INSERT INTO public.auth_permission VALUES (194, 'Can change report', 49, 'change_report');
INSERT INTO public.auth_permission VALUES (195, 'Can delete report', 49, 'delete_report');
INSERT INTO public.auth_permission VALUES (196, 'Can view report', 49, 'view_report');
INSERT INTO public.auth_permission VALUES (197, 'Can add evidence', 50, 'add_evidence');
INSERT INTO public.auth_permission VALUES (198, 'Can change evidence', 50, 'change_evidence');
INSERT INTO public.auth_permission VALUES (199, 'Can delete evidence', 50, 'delete_evidence');
INSERT INTO public.auth_permission VALUES (200, 'Can view evidence', 50, 'view_evidence');
INSERT INTO public.auth_permission VALUES (201, 'Can add log entry', 51, 'add_logentry');
INSERT INTO public.auth_permission VALUES (202, 'Can change log entry', 51, 'change_logentry');
INSERT INTO public.auth_permission VALUES (203, 'Can delete log entry', 51, 'delete_logentry');
INSERT INTO public.auth_permission VALUES (204, 'Can view log entry', 51, 'view_logentry');
INSERT INTO public.auth_permission VALUES (205, 'Can add permission', 52, 'add_permission');
INSERT INTO public.auth_permission VALUES (206, 'Can change permission', 52, 'change_permission');
INSERT INTO public.auth_permission VALUES (207, 'Can delete permission', 52, 'delete_permission');
INSERT INTO public.auth_permission VALUES (208, 'Can view permission', 52, 'view_permission');
INSERT INTO public.auth_permission VALUES (209, 'Can add group', 53, 'add_group');
INSERT INTO public.auth_permission VALUES (210, 'Can change group', 53, 'change_group');
INSERT INTO public.auth_permission VALUES (211, 'Can delete group', 53, 'delete_group');
INSERT INTO public.auth_permission VALUES (212, 'Can view group', 53, 'view_group');
INSERT INTO public.auth_permission VALUES (213, 'Can add content type', 54, 'add_contenttype');
INSERT INTO public.auth_permission VALUES (214, 'Can change content type', 54, 'change_contenttype');
INSERT INTO public.auth_permission VALUES (215, 'Can delete content type', 54, 'delete_contenttype');
INSERT INTO public.auth_permission VALUES (216, 'Can view content type', 54, 'view_contenttype');
INSERT INTO public.auth_permission VALUES (217, 'Can add session', 55, 'add_session');
INSERT INTO public.auth_permission VALUES (218, 'Can change session', 55, 'change_session');
INSERT INTO public.auth_permission VALUES (219, 'Can delete session', 55, 'delete_session');
INSERT INTO public.auth_permission VALUES (220, 'Can view session', 55, 'view_session');

INSERT INTO public.blob VALUES (1, '\x01551220b4dddecf813201f4a83f2ae71f6fa1a03ea961c3738e3da7fff94859c5ad1c17', 'text/plain', 9, 'live', '2026-11-30 05:58:41.685294+00', '2026-11-30 05:58:41.67899+00', 'public/1/ec/did:plc:1veraaaaaaaaaaaaaaaaaaaa/bafkreifu3xpm7ajsah2kqpzk44pw7inah2uwdq3try62p77zjbm4lli4c4.3acc43910b551d0e');

INSERT INTO public.blob_hold VALUES (1, '\x01551220b4dddecf813201f4a83f2ae71f6fa1a03ea961c3738e3da7fff94859c5ad1c17', 'text/plain', 9, NULL, '2027-05-29 05:58:41.699389+00');

INSERT INTO public.blob_usage VALUES (1, 9, 1);

INSERT INTO public.blob_use VALUES (1, 'com.example.note', 'first', '\x01551220b4dddecf813201f4a83f2ae71f6fa1a03ea961c3738e3da7fff94859c5ad1c17', '3n3j2h37xuwnp');

INSERT INTO public.django_content_type VALUES (1, 'hosting', 'host');
INSERT INTO public.django_content_type VALUES (2, 'hosting', 'tenant');
INSERT INTO public.django_content_type VALUES (3, 'hosting', 'staffuser');
INSERT INTO public.django_content_type VALUES (4, 'hosting', 'handledomain');
INSERT INTO public.django_content_type VALUES (5, 'hosting', 'member');
INSERT INTO public.django_content_type VALUES (6, 'plc_directory', 'operation');
INSERT INTO public.django_content_type VALUES (7, 'mail', 'sender');
INSERT INTO public.django_content_type VALUES (8, 'mail', 'outgoingmail');
INSERT INTO public.django_content_type VALUES (9, 'mail', 'mailcount');
INSERT INTO public.django_content_type VALUES (10, 'accounts', 'signingkey');
INSERT INTO public.django_content_type VALUES (11, 'accounts', 'account');
INSERT INTO public.django_content_type VALUES (12, 'accounts', 'plcoperation');
INSERT INTO public.django_content_type VALUES (13, 'accounts', 'session');
INSERT INTO public.django_content_type VALUES (14, 'accounts', 'websession');
INSERT INTO public.django_content_type VALUES (15, 'accounts', 'apppassword');
INSERT INTO public.django_content_type VALUES (16, 'accounts', 'preference');
INSERT INTO public.django_content_type VALUES (17, 'accounts', 'emailtoken');
INSERT INTO public.django_content_type VALUES (18, 'accounts', 'knownplace');
INSERT INTO public.django_content_type VALUES (19, 'accounts', 'invitepermission');
INSERT INTO public.django_content_type VALUES (20, 'accounts', 'signupbreaker');
INSERT INTO public.django_content_type VALUES (21, 'accounts', 'spentchallenge');
INSERT INTO public.django_content_type VALUES (22, 'accounts', 'invitecode');
INSERT INTO public.django_content_type VALUES (23, 'accounts', 'inviteuse');
INSERT INTO public.django_content_type VALUES (24, 'accounts', 'heldsignup');
INSERT INTO public.django_content_type VALUES (25, 'accounts', 'arrival');
INSERT INTO public.django_content_type VALUES (26, 'accounts', 'customhandle');
INSERT INTO public.django_content_type VALUES (27, 'accounts', 'reservedkey');
INSERT INTO public.django_content_type VALUES (28, 'accounts', 'webidentity');
INSERT INTO public.django_content_type VALUES (29, 'repos', 'repo');
INSERT INTO public.django_content_type VALUES (30, 'repos', 'record');
INSERT INTO public.django_content_type VALUES (31, 'repos', 'node');
INSERT INTO public.django_content_type VALUES (32, 'repos', 'blob');
INSERT INTO public.django_content_type VALUES (33, 'repos', 'blobuse');
INSERT INTO public.django_content_type VALUES (34, 'repos', 'eventcounter');
INSERT INTO public.django_content_type VALUES (35, 'repos', 'event');
INSERT INTO public.django_content_type VALUES (36, 'repos', 'importjob');
INSERT INTO public.django_content_type VALUES (37, 'repos', 'crawlping');
INSERT INTO public.django_content_type VALUES (38, 'repos', 'firehoserestore');
INSERT INTO public.django_content_type VALUES (39, 'repos', 'blobusage');
INSERT INTO public.django_content_type VALUES (40, 'repos', 'doomedfile');
INSERT INTO public.django_content_type VALUES (41, 'repos', 'deniedblob');
INSERT INTO public.django_content_type VALUES (42, 'repos', 'recordtakedown');
INSERT INTO public.django_content_type VALUES (43, 'repos', 'doomedrepo');
INSERT INTO public.django_content_type VALUES (44, 'repos', 'blobfetch');
INSERT INTO public.django_content_type VALUES (45, 'repos', 'unfetchedblob');
INSERT INTO public.django_content_type VALUES (46, 'repos', 'networklexicon');
INSERT INTO public.django_content_type VALUES (47, 'repos', 'blobhold');
INSERT INTO public.django_content_type VALUES (48, 'moderation', 'auditentry');
INSERT INTO public.django_content_type VALUES (49, 'moderation', 'report');
INSERT INTO public.django_content_type VALUES (50, 'moderation', 'evidence');
INSERT INTO public.django_content_type VALUES (51, 'admin', 'logentry');
INSERT INTO public.django_content_type VALUES (52, 'auth', 'permission');
INSERT INTO public.django_content_type VALUES (53, 'auth', 'group');
INSERT INTO public.django_content_type VALUES (54, 'contenttypes', 'contenttype');
INSERT INTO public.django_content_type VALUES (55, 'sessions', 'session');

INSERT INTO public.django_migrations VALUES (1, 'contenttypes', '0001_initial', '2026-11-30 05:58:39.064492+00');
INSERT INTO public.django_migrations VALUES (2, 'contenttypes', '0002_remove_content_type_name', '2026-11-30 05:58:39.068577+00');
INSERT INTO public.django_migrations VALUES (3, 'auth', '0001_initial', '2026-11-30 05:58:39.101094+00');
INSERT INTO public.django_migrations VALUES (4, 'auth', '0002_alter_permission_name_max_length', '2026-11-30 05:58:39.10435+00');
INSERT INTO public.django_migrations VALUES (5, 'auth', '0003_alter_user_email_max_length', '2026-11-30 05:58:39.107528+00');
INSERT INTO public.django_migrations VALUES (6, 'auth', '0004_alter_user_username_opts', '2026-11-30 05:58:39.11036+00');
INSERT INTO public.django_migrations VALUES (7, 'auth', '0005_alter_user_last_login_null', '2026-11-30 05:58:39.115624+00');
INSERT INTO public.django_migrations VALUES (8, 'auth', '0006_require_contenttypes_0002', '2026-11-30 05:58:39.116338+00');
INSERT INTO public.django_migrations VALUES (9, 'auth', '0007_alter_validators_add_error_messages', '2026-11-30 05:58:39.118673+00');
INSERT INTO public.django_migrations VALUES (10, 'auth', '0008_alter_user_username_max_length', '2026-11-30 05:58:39.121113+00');
INSERT INTO public.django_migrations VALUES (11, 'auth', '0009_alter_user_last_name_max_length', '2026-11-30 05:58:39.123512+00');
INSERT INTO public.django_migrations VALUES (12, 'auth', '0010_alter_group_name_max_length', '2026-11-30 05:58:39.12652+00');
INSERT INTO public.django_migrations VALUES (13, 'auth', '0011_update_proxy_permissions', '2026-11-30 05:58:39.131352+00');
INSERT INTO public.django_migrations VALUES (14, 'auth', '0012_alter_user_first_name_max_length', '2026-11-30 05:58:39.133946+00');
INSERT INTO public.django_migrations VALUES (15, 'hosting', '0001_tenants_and_hosts', '2026-11-30 05:58:39.216803+00');
INSERT INTO public.django_migrations VALUES (16, 'hosting', '0002_blob_quota', '2026-11-30 05:58:39.221091+00');
INSERT INTO public.django_migrations VALUES (17, 'hosting', '0003_admission', '2026-11-30 05:58:39.252916+00');
INSERT INTO public.django_migrations VALUES (18, 'accounts', '0001_accounts', '2026-11-30 05:58:39.402384+00');
INSERT INTO public.django_migrations VALUES (19, 'accounts', '0002_delete_after', '2026-11-30 05:58:39.408137+00');
INSERT INTO public.django_migrations VALUES (20, 'accounts', '0003_app_passwords', '2026-11-30 05:58:39.424607+00');
INSERT INTO public.django_migrations VALUES (21, 'accounts', '0004_one_did_a_host', '2026-11-30 05:58:39.468682+00');
INSERT INTO public.django_migrations VALUES (22, 'accounts', '0005_preferences', '2026-11-30 05:58:39.489216+00');
INSERT INTO public.django_migrations VALUES (23, 'accounts', '0006_email', '2026-11-30 05:58:39.554096+00');
INSERT INTO public.django_migrations VALUES (24, 'accounts', '0007_invites_and_held_sign_ups', '2026-11-30 05:58:39.706819+00');
INSERT INTO public.django_migrations VALUES (25, 'accounts', '0008_arrivals', '2026-11-30 05:58:39.742662+00');
INSERT INTO public.django_migrations VALUES (26, 'accounts', '0009_identities', '2026-11-30 05:58:39.958588+00');
INSERT INTO public.django_migrations VALUES (27, 'accounts', '0010_due_deletions', '2026-11-30 05:58:39.983086+00');
INSERT INTO public.django_migrations VALUES (28, 'accounts', '0011_names_on_the_console', '2026-11-30 05:58:39.99773+00');
INSERT INTO public.django_migrations VALUES (29, 'accounts', '0012_owners_of_signing_keys', '2026-11-30 05:58:40.04065+00');
INSERT INTO public.django_migrations VALUES (30, 'accounts', '0013_keys_serve_their_owners', '2026-11-30 05:58:40.076903+00');
INSERT INTO public.django_migrations VALUES (31, 'accounts', '0014_what_dids_say', '2026-11-30 05:58:40.184396+00');
INSERT INTO public.django_migrations VALUES (32, 'accounts', '0015_one_index_for_sessions', '2026-11-30 05:58:40.227489+00');
INSERT INTO public.django_migrations VALUES (33, 'accounts', '0016_replaced_addresses', '2026-11-30 05:58:40.255737+00');
INSERT INTO public.django_migrations VALUES (34, 'admin', '0001_initial', '2026-11-30 05:58:40.292646+00');
INSERT INTO public.django_migrations VALUES (35, 'admin', '0002_logentry_remove_auto_add', '2026-11-30 05:58:40.30123+00');
INSERT INTO public.django_migrations VALUES (36, 'admin', '0003_logentry_add_action_flag_choices', '2026-11-30 05:58:40.306335+00');
INSERT INTO public.django_migrations VALUES (37, 'hosting', '0004_did_method', '2026-11-30 05:58:40.314093+00');
INSERT INTO public.django_migrations VALUES (38, 'hosting', '0005_services_of_a_host', '2026-11-30 05:58:40.362313+00');
INSERT INTO public.django_migrations VALUES (39, 'hosting', '0006_blob_quota_of_the_platform', '2026-11-30 05:58:40.372081+00');
INSERT INTO public.django_migrations VALUES (40, 'hosting', '0007_staff_manager', '2026-11-30 05:58:40.376259+00');
INSERT INTO public.django_migrations VALUES (41, 'mail', '0001_outbox', '2026-11-30 05:58:40.529682+00');
INSERT INTO public.django_migrations VALUES (42, 'mail', '0002_captured_words', '2026-11-30 05:58:40.539831+00');
INSERT INTO public.django_migrations VALUES (43, 'mail', '0003_mail_counts', '2026-11-30 05:58:40.562294+00');
INSERT INTO public.django_migrations VALUES (44, 'moderation', '0001_initial', '2026-11-30 05:58:40.594652+00');
INSERT INTO public.django_migrations VALUES (45, 'moderation', '0002_blob_takedowns', '2026-11-30 05:58:40.63745+00');
INSERT INTO public.django_migrations VALUES (46, 'moderation', '0003_admin_api', '2026-11-30 05:58:40.737075+00');
INSERT INTO public.django_migrations VALUES (47, 'moderation', '0004_reports', '2026-11-30 05:58:40.769437+00');
INSERT INTO public.django_migrations VALUES (48, 'moderation', '0005_admission_action', '2026-11-30 05:58:40.790792+00');
INSERT INTO public.django_migrations VALUES (49, 'moderation', '0006_denied_blobs', '2026-11-30 05:58:40.804657+00');
INSERT INTO public.django_migrations VALUES (50, 'moderation', '0007_resume_move', '2026-11-30 05:58:40.816957+00');
INSERT INTO public.django_migrations VALUES (51, 'moderation', '0008_stages_and_sign_ins', '2026-11-30 05:58:40.861884+00');
INSERT INTO public.django_migrations VALUES (52, 'moderation', '0009_evidence', '2026-11-30 05:58:40.984986+00');
INSERT INTO public.django_migrations VALUES (53, 'moderation', '0010_evidence_actions', '2026-11-30 05:58:40.998424+00');
INSERT INTO public.django_migrations VALUES (54, 'plc_directory', '0001_initial', '2026-11-30 05:58:41.01128+00');
INSERT INTO public.django_migrations VALUES (55, 'repos', '0001_tables', '2026-11-30 05:58:41.107062+00');
INSERT INTO public.django_migrations VALUES (56, 'repos', '0002_functions', '2026-11-30 05:58:41.112473+00');
INSERT INTO public.django_migrations VALUES (57, 'repos', '0003_import_job', '2026-11-30 05:58:41.129905+00');
INSERT INTO public.django_migrations VALUES (58, 'repos', '0004_crawls_and_restores', '2026-11-30 05:58:41.147038+00');
INSERT INTO public.django_migrations VALUES (59, 'repos', '0005_blob_life_cycle', '2026-11-30 05:58:41.217063+00');
INSERT INTO public.django_migrations VALUES (60, 'repos', '0006_record_takedowns', '2026-11-30 05:58:41.233728+00');
INSERT INTO public.django_migrations VALUES (61, 'repos', '0007_one_did_a_host', '2026-11-30 05:58:41.245402+00');
INSERT INTO public.django_migrations VALUES (62, 'repos', '0008_doomed_repos', '2026-11-30 05:58:41.253805+00');
INSERT INTO public.django_migrations VALUES (63, 'repos', '0009_blobs_in_order', '2026-11-30 05:58:41.256531+00');
INSERT INTO public.django_migrations VALUES (64, 'repos', '0010_blob_fetches', '2026-11-30 05:58:41.270733+00');
INSERT INTO public.django_migrations VALUES (65, 'repos', '0011_network_lexicons', '2026-11-30 05:58:41.285335+00');
INSERT INTO public.django_migrations VALUES (66, 'repos', '0012_group_commit', '2026-11-30 05:58:41.292017+00');
INSERT INTO public.django_migrations VALUES (67, 'repos', '0013_dropped_events', '2026-11-30 05:58:41.296997+00');
INSERT INTO public.django_migrations VALUES (68, 'repos', '0014_first_rev', '2026-11-30 05:58:41.395432+00');
INSERT INTO public.django_migrations VALUES (69, 'repos', '0015_crawl_pauses', '2026-11-30 05:58:41.400183+00');
INSERT INTO public.django_migrations VALUES (70, 'repos', '0016_record_paths', '2026-11-30 05:58:41.401473+00');
INSERT INTO public.django_migrations VALUES (71, 'repos', '0017_record_paths_in_one_look', '2026-11-30 05:58:41.403059+00');
INSERT INTO public.django_migrations VALUES (72, 'repos', '0018_blob_holds', '2026-11-30 05:58:41.412775+00');
INSERT INTO public.django_migrations VALUES (73, 'sessions', '0001_initial', '2026-11-30 05:58:41.420282+00');

INSERT INTO public.event_20261130 VALUES (5, '2026-11-30 05:58:41.685294+00', 1, 1, 'did:plc:1veraaaaaaaaaaaaaaaaaaaa', 1, 116, 5, 5, '\xac636f707381a363636964d82a5825000171122084a1939f2e71d4edded3d5957c956be5e86d0f5bd28db7301f5172eec292fc77647061746876636f6d2e6578616d706c652e6e6f74652f666972737466616374696f6e66637265617465637265766d336e336a326833377875776e7063736571647265706f78206469643a706c633a3176657261616161616161616161616161616161616161616474696d657818323032362d31312d33305430353a35383a34312e3638345a65626c6f6273806573696e63656d336e336a32683335773561736d66626c6f636b7359023e3aa265726f6f747381d82a58250001711220c21b79b4f656caaf29e5002a8902374cda668a939ce783499b2acdd1972f84bc6776657273696f6e01e00101711220c21b79b4f656caaf29e5002a8902374cda668a939ce783499b2acdd1972f84bca66364696478206469643a706c633a317665726161616161616161616161616161616161616161637265766d336e336a326833377875776e70637369675840dfccfd3a2c3e9e094c4b1af0f6871294c23424ccb8e57d4e0a99fadec0d89b241951239d5cb20f1717822ae14ece2ffe57d0184bb6ff96717fa04ba38309e0e86464617461d82a58250001711220b3f033fb0bc04c94d0144f67de60d1123197a4145adbd295df089e8bc53936f46470726576f66776657273696f6e037601711220b3f033fb0bc04c94d0144f67de60d1123197a4145adbd295df089e8bc53936f4a2616581a4616b56636f6d2e6578616d706c652e6e6f74652f66697273746170006174f66176d82a5825000171122084a1939f2e71d4edded3d5957c956be5e86d0f5bd28db7301f5172eec292fc77616cf6a8010171122084a1939f2e71d4edded3d5957c956be5e86d0f5bd28db7301f5172eec292fc77a36466696c65a463726566d82a58250001551220b4dddecf813201f4a83f2ae71f6fa1a03ea961c3738e3da7fff94859c5ad1c176473697a650965247479706564626c6f62686d696d65547970656a746578742f706c61696e64746578746e7772697474656e206265666f726565247479706570636f6d2e6578616d706c652e6e6f746566636f6d6d6974d82a58250001711220c21b79b4f656caaf29e5002a8902374cda668a939ce783499b2acdd1972f84bc66726562617365f466746f6f426967f4687072657644617461d82a582500017112209dfefe61dd76ea3dcae5023880b08379d57adf20482d6fdbe2759289f647677b');
INSERT INTO public.event_20261130 VALUES (4, '2026-11-30 05:58:41.621591+00', 1, 1, 'did:plc:1veraaaaaaaaaaaaaaaaaaaa', 2, 61, 4, 4, '\xa56364696478206469643a706c633a317665726161616161616161616161616161616161616161637265766d336e336a32683335773561736d637365716474696d657818323032362d31312d33305430353a35383a34312e3632315a66626c6f636b7359011d3aa265726f6f747381d82a58250001711220b0a0d083e892e5d3319e7e8745a3ae370a92676a00b78a580d9686308181c3626776657273696f6e01e00101711220b0a0d083e892e5d3319e7e8745a3ae370a92676a00b78a580d9686308181c362a66364696478206469643a706c633a317665726161616161616161616161616161616161616161637265766d336e336a32683335773561736d637369675840ec39eb368675bc1dc37a7753ad54786b09fa7082ae57e51e22f0964218a4008f32e215372cebfc8363cf2db9630149e28d0312290a4804e0716fe845f7b9b1d26464617461d82a582500017112209dfefe61dd76ea3dcae5023880b08379d57adf20482d6fdbe2759289f647677b6470726576f66776657273696f6e03');
INSERT INTO public.event_20261130 VALUES (3, '2026-11-30 05:58:41.621292+00', 1, 1, 'did:plc:1veraaaaaaaaaaaaaaaaaaaa', 1, 28, 3, 3, '\xab636f707380637265766d336e336a32683335773561736d63736571647265706f78206469643a706c633a3176657261616161616161616161616161616161616161616474696d657818323032362d31312d33305430353a35383a34312e3632315a65626c6f6273806573696e6365f666626c6f636b735901493aa265726f6f747381d82a58250001711220b0a0d083e892e5d3319e7e8745a3ae370a92676a00b78a580d9686308181c3626776657273696f6e01e00101711220b0a0d083e892e5d3319e7e8745a3ae370a92676a00b78a580d9686308181c362a66364696478206469643a706c633a317665726161616161616161616161616161616161616161637265766d336e336a32683335773561736d637369675840ec39eb368675bc1dc37a7753ad54786b09fa7082ae57e51e22f0964218a4008f32e215372cebfc8363cf2db9630149e28d0312290a4804e0716fe845f7b9b1d26464617461d82a582500017112209dfefe61dd76ea3dcae5023880b08379d57adf20482d6fdbe2759289f647677b6470726576f66776657273696f6e032b017112209dfefe61dd76ea3dcae5023880b08379d57adf20482d6fdbe2759289f647677ba2616580616cf666636f6d6d6974d82a58250001711220b0a0d083e892e5d3319e7e8745a3ae370a92676a00b78a580d9686308181c36266726562617365f466746f6f426967f4');
INSERT INTO public.event_20261130 VALUES (2, '2026-11-30 05:58:41.621067+00', 1, 1, 'did:plc:1veraaaaaaaaaaaaaaaaaaaa', 4, 43, 2, 2, '\xa46364696478206469643a706c633a317665726161616161616161616161616161616161616161637365716474696d657818323032362d31312d33305430353a35383a34312e3632305a66616374697665f5');
INSERT INTO public.event_20261130 VALUES (1, '2026-11-30 05:58:41.620517+00', 1, 1, 'did:plc:1veraaaaaaaaaaaaaaaaaaaa', 3, 43, 1, 1, '\xa46364696478206469643a706c633a317665726161616161616161616161616161616161616161637365716474696d657818323032362d31312d33305430353a35383a34312e3632305a6668616e646c6570766572612e6f6c642e6578616d706c65');

INSERT INTO public.event_counter VALUES (0, 5, 0);
INSERT INTO public.event_counter VALUES (1, 5, 0);

INSERT INTO public.evidence VALUES (1, 1, 'did:plc:1veraaaaaaaaaaaaaaaaaaaa', 'com.example.note/first', 'bafyreieeugjz6ltr2tw55u6vsv6jk27f5bwq6w6srw3tah2rolxmfex4o4', '\xa36466696c65a463726566d82a58250001551220b4dddecf813201f4a83f2ae71f6fa1a03ea961c3738e3da7fff94859c5ad1c176473697a650965247479706564626c6f62686d696d65547970656a746578742f706c61696e64746578746e7772697474656e206265666f726565247479706570636f6d2e6578616d706c652e6e6f7465', 141, 'did:plc:1veraaaaaaaaaaaaaaaaaaaa', '2026-11-30 05:58:41.700882+00', '2027-05-29 05:58:41.700635+00', 1);

INSERT INTO public.handle_domain VALUES (1, '.old.example', 0, 1);

INSERT INTO public.host VALUES (1, 'old.example', 'https://old.example', 'did:web:old.example', NULL, '', '\x0775706772616465de139b8e8df7a9d2d7fd5c7a9bc13ee55b45876ec116e833d234a051f20818c9555f3e64964c2d241ec6018be52b15786e502bbb31687d49b8e038aa', '\x0775706772616465ac10a3ad46eafd7036c9cadb15b2055e1b2cb9d259b8ff9970218821682b2aeb486e8b3b0e6501212db66c7ce927b42b39f3365d04ca5a3c9ab903ca', 'did:key:zQ3shU7pqH9iNdxMjy5K8o7op68gasyk6YNKo9U1eWwMESXxQ', '2026-11-30 05:58:41.547242+00', 1, NULL, 'open', 100, NULL, NULL, '', '', '\x', '', 'plc', '', '', '', '', '', '');

INSERT INTO public.known_place VALUES (1, '1a280627d715c8509028bd34fd3abbbe2f95657a904b39950fda43bc230e0cd1', '2026-11-30 05:58:41.667937+00', 1);

INSERT INTO public.network_lexicon VALUES ('com.example.note', true, '2026-11-30 05:58:41.682149+00', '', NULL, NULL, '', '', NULL);

INSERT INTO public.node_0 VALUES (1, '\x01711220b3f033fb0bc04c94d0144f67de60d1123197a4145adbd295df089e8bc53936f4', '3n3j2h37xuwnp', '\xa2616581a4616b56636f6d2e6578616d706c652e6e6f74652f66697273746170006174f66176d82a5825000171122084a1939f2e71d4edded3d5957c956be5e86d0f5bd28db7301f5172eec292fc77616cf6');

INSERT INTO public.record_0 VALUES (1, 'com.example.note', 'first', '\x0171122084a1939f2e71d4edded3d5957c956be5e86d0f5bd28db7301f5172eec292fc77', '3n3j2h37xuwnp', NULL, '\xa36466696c65a463726566d82a58250001551220b4dddecf813201f4a83f2ae71f6fa1a03ea961c3738e3da7fff94859c5ad1c176473697a650965247479706564626c6f62686d696d65547970656a746578742f706c61696e64746578746e7772697474656e206265666f726565247479706570636f6d2e6578616d706c652e6e6f7465');

INSERT INTO public.repo VALUES (1, 'did:plc:1veraaaaaaaaaaaaaaaaaaaa', 1, 'active', '\x01711220c21b79b4f656caaf29e5002a8902374cda668a939ce783499b2acdd1972f84bc', '3n3j2h37xuwnp', '\x01711220b3f033fb0bc04c94d0144f67de60d1123197a4145adbd295df089e8bc53936f4', '\xa66364696478206469643a706c633a317665726161616161616161616161616161616161616161637265766d336e336a326833377875776e70637369675840dfccfd3a2c3e9e094c4b1af0f6871294c23424ccb8e57d4e0a99fadec0d89b241951239d5cb20f1717822ae14ece2ffe57d0184bb6ff96717fa04ba38309e0e86464617461d82a58250001711220b3f033fb0bc04c94d0144f67de60d1123197a4145adbd295df089e8bc53936f46470726576f66776657273696f6e03', 'did:key:zQ3shQ23AHyGt2DcMn6gwFuVd5ND2LpYNiVdjeHJsey41S4gn', 5, '2026-11-30 05:58:41.685294+00', 1, '2026-11-30 05:58:41.618964+00', false, '3n3j2h35w5asm');

INSERT INTO public.report VALUES (1, 1, 'did:plc:1veraaaaaaaaaaaaaaaaaaaa', 'com.atproto.moderation.defs#reasonSpam', 'reported before', 'did:plc:1veraaaaaaaaaaaaaaaaaaaa', 'at://did:plc:1veraaaaaaaaaaaaaaaaaaaa/com.example.note/first', 'bafyreieeugjz6ltr2tw55u6vsv6jk27f5bwq6w6srw3tah2rolxmfex4o4', '', '2026-11-30 05:58:41.689347+00', 1);

INSERT INTO public.session VALUES ('WDjeOfe9rapokVaHBTY_Sc9ZNW0YHKeKoeYmFyWLhMY', 'dfa37ad9-41d1-49bd-a214-76eda56d5216', 'com.atproto.access', NULL, NULL, NULL, '2026-11-30 05:58:41.666845+00', '2999-01-01 00:00:00+00', 1);

INSERT INTO public.signing_key VALUES ('did:key:zQ3shQ23AHyGt2DcMn6gwFuVd5ND2LpYNiVdjeHJsey41S4gn', '\x0775706772616465b662b9ad87874c73524daff91775e348aa67290ca2352227289e641715b5382d6c0fe5db4b6f9890f2b8c16950dd9a13751f78dd3211a4b2ab4193f6', '2026-11-30 05:58:41.610214+00', 1, 'did:plc:1veraaaaaaaaaaaaaaaaaaaa');

INSERT INTO public.tenant VALUES (1, 'old', 'Old', '#2f6b3a', '', '', '', '2026-11-30 05:58:41.536431+00');

SELECT pg_catalog.setval('public.account_id_seq', 1, true);

SELECT pg_catalog.setval('public.account_preference_id_seq', 1, false);

SELECT pg_catalog.setval('public.app_password_id_seq', 1, false);

SELECT pg_catalog.setval('public.audit_entry_id_seq', 1, false);

SELECT pg_catalog.setval('public.auth_group_id_seq', 1, false);

SELECT pg_catalog.setval('public.auth_group_permissions_id_seq', 1, false);

SELECT pg_catalog.setval('public.auth_permission_id_seq', 220, true);

SELECT pg_catalog.setval('public.crawl_ping_id_seq', 1, false);

SELECT pg_catalog.setval('public.denied_blob_id_seq', 1, false);

SELECT pg_catalog.setval('public.django_admin_log_id_seq', 1, false);

SELECT pg_catalog.setval('public.django_content_type_id_seq', 55, true);

SELECT pg_catalog.setval('public.django_migrations_id_seq', 73, true);

SELECT pg_catalog.setval('public.email_token_id_seq', 1, false);

SELECT pg_catalog.setval('public.event_id_seq', 5, true);

SELECT pg_catalog.setval('public.evidence_id_seq', 1, true);

SELECT pg_catalog.setval('public.firehose_restore_id_seq', 1, false);

SELECT pg_catalog.setval('public.handle_domain_id_seq', 1, true);

SELECT pg_catalog.setval('public.held_sign_up_id_seq', 1, false);

SELECT pg_catalog.setval('public.host_id_seq', 1, true);

SELECT pg_catalog.setval('public.import_job_id_seq', 1, false);

SELECT pg_catalog.setval('public.invite_code_id_seq', 1, false);

SELECT pg_catalog.setval('public.invite_use_id_seq', 1, false);

SELECT pg_catalog.setval('public.known_place_id_seq', 1, true);

SELECT pg_catalog.setval('public.mail_count_id_seq', 1, false);

SELECT pg_catalog.setval('public.mail_sender_id_seq', 1, false);

SELECT pg_catalog.setval('public.member_id_seq', 1, false);

SELECT pg_catalog.setval('public.outgoing_mail_id_seq', 1, false);

SELECT pg_catalog.setval('public.plc_directory_operation_id_seq', 1, false);

SELECT pg_catalog.setval('public.plc_operation_id_seq', 1, false);

SELECT pg_catalog.setval('public.report_id_seq', 1, true);

SELECT pg_catalog.setval('public.reserved_key_id_seq', 1, false);

SELECT pg_catalog.setval('public.staff_user_groups_id_seq', 1, false);

SELECT pg_catalog.setval('public.staff_user_id_seq', 1, false);

SELECT pg_catalog.setval('public.staff_user_user_permissions_id_seq', 1, false);

SELECT pg_catalog.setval('public.tenant_id_seq', 1, true);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_did_is_unique UNIQUE (host_id, did);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_email_is_unique_a_host UNIQUE (host_id, email);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_handle_is_unique UNIQUE (host_id, handle);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.account_preference
    ADD CONSTRAINT account_preference_has_one_place UNIQUE (account_id, "position");

ALTER TABLE ONLY public.account_preference
    ADD CONSTRAINT account_preference_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.app_password
    ADD CONSTRAINT app_password_name_is_unique_an_account UNIQUE (account_id, name);

ALTER TABLE ONLY public.app_password
    ADD CONSTRAINT app_password_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.arrival
    ADD CONSTRAINT arrival_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY public.audit_entry
    ADD CONSTRAINT audit_entry_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_name_key UNIQUE (name);

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_permission_id_0cd325b0_uniq UNIQUE (group_id, permission_id);

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_codename_01ab375a_uniq UNIQUE (content_type_id, codename);

ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.blob_fetch
    ADD CONSTRAINT blob_fetch_pkey PRIMARY KEY (repo_id);

ALTER TABLE ONLY public.blob_hold
    ADD CONSTRAINT blob_hold_key_key UNIQUE (key);

ALTER TABLE ONLY public.blob_hold
    ADD CONSTRAINT blob_hold_pkey PRIMARY KEY (repo_id, cid);

ALTER TABLE ONLY public.blob
    ADD CONSTRAINT blob_key_8a262a38_uniq UNIQUE (key);

ALTER TABLE ONLY public.blob
    ADD CONSTRAINT blob_pkey PRIMARY KEY (repo_id, cid);

ALTER TABLE ONLY public.blob_usage
    ADD CONSTRAINT blob_usage_pkey PRIMARY KEY (repo_id);

ALTER TABLE ONLY public.blob_use
    ADD CONSTRAINT blob_use_pkey PRIMARY KEY (repo_id, collection, rkey, cid);

ALTER TABLE ONLY public.crawl_ping
    ADD CONSTRAINT crawl_ping_is_one_a_host_and_relay UNIQUE (host_id, relay);

ALTER TABLE ONLY public.crawl_ping
    ADD CONSTRAINT crawl_ping_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.custom_handle
    ADD CONSTRAINT custom_handle_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY public.denied_blob
    ADD CONSTRAINT denied_blob_once_a_host UNIQUE NULLS NOT DISTINCT (cid, host_id);

ALTER TABLE ONLY public.denied_blob
    ADD CONSTRAINT denied_blob_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_app_label_model_76bd3d3b_uniq UNIQUE (app_label, model);

ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.django_migrations
    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.django_session
    ADD CONSTRAINT django_session_pkey PRIMARY KEY (session_key);

ALTER TABLE ONLY public.doomed_file
    ADD CONSTRAINT doomed_file_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.doomed_repo
    ADD CONSTRAINT doomed_repo_pkey PRIMARY KEY (repo_id);

ALTER TABLE ONLY public.email_token
    ADD CONSTRAINT email_token_is_one_a_purpose UNIQUE (account_id, purpose);

ALTER TABLE ONLY public.email_token
    ADD CONSTRAINT email_token_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY public.event_20261130
    ADD CONSTRAINT event_20261130_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY public.event_20261201
    ADD CONSTRAINT event_20261201_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY public.event_20261202
    ADD CONSTRAINT event_20261202_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY public.event_20261203
    ADD CONSTRAINT event_20261203_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY public.event_counter
    ADD CONSTRAINT event_counter_pkey PRIMARY KEY (host_id);

ALTER TABLE ONLY public.event_default
    ADD CONSTRAINT event_default_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_once_a_version UNIQUE (host_id, did, path, cid);

ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.firehose_restore
    ADD CONSTRAINT firehose_restore_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.handle_domain
    ADD CONSTRAINT handle_domain_name_key UNIQUE (name);

ALTER TABLE ONLY public.handle_domain
    ADD CONSTRAINT handle_domain_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.held_sign_up
    ADD CONSTRAINT held_sign_up_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.host
    ADD CONSTRAINT host_hostname_key UNIQUE (hostname);

ALTER TABLE ONLY public.host
    ADD CONSTRAINT host_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.import_job
    ADD CONSTRAINT import_job_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.invite_code
    ADD CONSTRAINT invite_code_code_key UNIQUE (code);

ALTER TABLE ONLY public.invite_code
    ADD CONSTRAINT invite_code_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.invite_permission
    ADD CONSTRAINT invite_permission_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY public.invite_use
    ADD CONSTRAINT invite_use_is_counted_once UNIQUE (code_id, used_by);

ALTER TABLE ONLY public.invite_use
    ADD CONSTRAINT invite_use_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.known_place
    ADD CONSTRAINT known_place_is_kept_once_an_account UNIQUE (account_id, place_hash);

ALTER TABLE ONLY public.known_place
    ADD CONSTRAINT known_place_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.mail_count
    ADD CONSTRAINT mail_count_is_one_a_window UNIQUE (host_id, who, name, window_s);

ALTER TABLE ONLY public.mail_count
    ADD CONSTRAINT mail_count_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.mail_sender
    ADD CONSTRAINT mail_sender_host_id_key UNIQUE (host_id);

ALTER TABLE ONLY public.mail_sender
    ADD CONSTRAINT mail_sender_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_has_one_role_a_tenant UNIQUE (tenant_id, user_id);

ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.network_lexicon
    ADD CONSTRAINT network_lexicon_pkey PRIMARY KEY (nsid);

ALTER TABLE ONLY public.node
    ADD CONSTRAINT node_pkey PRIMARY KEY (repo_id, cid);

ALTER TABLE ONLY public.node_0
    ADD CONSTRAINT node_0_pkey PRIMARY KEY (repo_id, cid);

ALTER TABLE ONLY public.outgoing_mail
    ADD CONSTRAINT outgoing_mail_message_id_key UNIQUE (message_id);

ALTER TABLE ONLY public.outgoing_mail
    ADD CONSTRAINT outgoing_mail_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.plc_directory_operation
    ADD CONSTRAINT plc_directory_operation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.plc_operation
    ADD CONSTRAINT plc_operation_is_stored_once UNIQUE (did, cid);

ALTER TABLE ONLY public.plc_directory_operation
    ADD CONSTRAINT plc_operation_is_taken_once UNIQUE (did, cid);

ALTER TABLE ONLY public.plc_operation
    ADD CONSTRAINT plc_operation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.record
    ADD CONSTRAINT record_pkey PRIMARY KEY (repo_id, collection, rkey);

ALTER TABLE ONLY public.record_0
    ADD CONSTRAINT record_0_pkey PRIMARY KEY (repo_id, collection, rkey);

ALTER TABLE public.record
    ADD CONSTRAINT record_path CHECK (((((collection || '/'::text) || rkey) ~ '^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+\.[a-zA-Z][a-zA-Z0-9]*/(?:\.?\.?[a-zA-Z0-9_:~-]|\.\.\.)[a-zA-Z0-9._:~-]*$'::text) AND (octet_length(collection) <= 317) AND (octet_length(rkey) <= 512))) NOT VALID;

ALTER TABLE ONLY public.record_takedown
    ADD CONSTRAINT record_takedown_pkey PRIMARY KEY (repo_id, collection, rkey);

ALTER TABLE ONLY public.repo
    ADD CONSTRAINT repo_did_is_unique_a_host UNIQUE (did, host_id);

ALTER TABLE ONLY public.repo
    ADD CONSTRAINT repo_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.report
    ADD CONSTRAINT report_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.reserved_key
    ADD CONSTRAINT reserved_key_did_key_key UNIQUE (did_key);

ALTER TABLE ONLY public.reserved_key
    ADD CONSTRAINT reserved_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (jti);

ALTER TABLE ONLY public.sign_up_breaker
    ADD CONSTRAINT sign_up_breaker_pkey PRIMARY KEY (host_id);

ALTER TABLE ONLY public.signing_key
    ADD CONSTRAINT signing_key_has_one_owner UNIQUE (did_key, host_id, did);

ALTER TABLE ONLY public.signing_key
    ADD CONSTRAINT signing_key_pkey PRIMARY KEY (did_key);

ALTER TABLE ONLY public.spent_challenge
    ADD CONSTRAINT spent_challenge_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY public.staff_user_groups
    ADD CONSTRAINT staff_user_groups_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.staff_user_groups
    ADD CONSTRAINT staff_user_groups_staffuser_id_group_id_e3d73660_uniq UNIQUE (staffuser_id, group_id);

ALTER TABLE ONLY public.staff_user
    ADD CONSTRAINT staff_user_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.staff_user_user_permissions
    ADD CONSTRAINT staff_user_user_permissi_staffuser_id_permission__51bac2fd_uniq UNIQUE (staffuser_id, permission_id);

ALTER TABLE ONLY public.staff_user_user_permissions
    ADD CONSTRAINT staff_user_user_permissions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.staff_user
    ADD CONSTRAINT staff_user_username_key UNIQUE (username);

ALTER TABLE ONLY public.tenant
    ADD CONSTRAINT tenant_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tenant
    ADD CONSTRAINT tenant_slug_key UNIQUE (slug);

ALTER TABLE ONLY public.unfetched_blob
    ADD CONSTRAINT unfetched_blob_pkey PRIMARY KEY (repo_id, cid);

ALTER TABLE ONLY public.web_identity
    ADD CONSTRAINT web_identity_account_id_key UNIQUE (account_id);

ALTER TABLE ONLY public.web_identity
    ADD CONSTRAINT web_identity_pkey PRIMARY KEY (did);

ALTER TABLE ONLY public.web_session
    ADD CONSTRAINT web_session_pkey PRIMARY KEY (token_sha256);

CREATE INDEX account_by_did ON public.account USING btree (did);

CREATE INDEX account_by_handle ON public.account USING btree (handle);

CREATE INDEX account_delete_after ON public.account USING btree (delete_after) WHERE (delete_after IS NOT NULL);

CREATE INDEX account_did_looked_at ON public.account USING btree (did_looked_at NULLS FIRST) WHERE (opened_at IS NOT NULL);

CREATE INDEX account_host_id_a186a085 ON public.account USING btree (host_id);

CREATE INDEX account_preference_account_id_4c601fdb ON public.account_preference USING btree (account_id);

CREATE INDEX app_password_account_id_699633ab ON public.app_password USING btree (account_id);

CREATE INDEX arrival_on_the_way ON public.arrival USING btree (looked_at) WHERE (activated_at IS NULL);

CREATE INDEX audit_entry_host_id_ea06d63d ON public.audit_entry USING btree (host_id);

CREATE INDEX audit_entry_staff_id_9979e6ee ON public.audit_entry USING btree (staff_id);

CREATE INDEX audit_entry_subject ON public.audit_entry USING btree (subject_did);

CREATE INDEX auth_group_name_a6ea08ec_like ON public.auth_group USING btree (name varchar_pattern_ops);

CREATE INDEX auth_group_permissions_group_id_b120cbf9 ON public.auth_group_permissions USING btree (group_id);

CREATE INDEX auth_group_permissions_permission_id_84c5c92e ON public.auth_group_permissions USING btree (permission_id);

CREATE INDEX auth_permission_content_type_id_2f476e4b ON public.auth_permission USING btree (content_type_id);

CREATE INDEX blob_fetch_due ON public.blob_fetch USING btree (next_attempt_at) WHERE (state = 'due'::text);

CREATE INDEX blob_hold_held_until_4605c6d3 ON public.blob_hold USING btree (held_until);

CREATE INDEX blob_hold_key_e15433ff_like ON public.blob_hold USING btree (key text_pattern_ops);

CREATE INDEX blob_key_8a262a38_like ON public.blob USING btree (key text_pattern_ops);

CREATE INDEX blob_to_move ON public.blob USING btree (changed_at) WHERE (((key ~~ 'public/%'::text) AND (state = 'quarantined'::text)) OR ((NOT (state = 'quarantined'::text)) AND (NOT (key ~~ 'public/%'::text))));

CREATE INDEX blob_to_sweep ON public.blob USING btree (changed_at) WHERE (state = ANY (ARRAY['staged'::text, 'idle'::text]));

CREATE INDEX blob_use_by_cid ON public.blob_use USING btree (repo_id, cid);

CREATE INDEX blob_use_in_order ON public.blob_use USING btree (repo_id, public.cid_order(cid));

CREATE INDEX custom_handle_due ON public.custom_handle USING btree (next_check_at);

CREATE INDEX django_admin_log_content_type_id_c4bce8eb ON public.django_admin_log USING btree (content_type_id);

CREATE INDEX django_admin_log_user_id_c564eba6 ON public.django_admin_log USING btree (user_id);

CREATE INDEX django_session_expire_date_a5c62663 ON public.django_session USING btree (expire_date);

CREATE INDEX django_session_session_key_c0390e0f_like ON public.django_session USING btree (session_key varchar_pattern_ops);

CREATE INDEX doomed_file_due_at_70c82b41 ON public.doomed_file USING btree (due_at);

CREATE INDEX doomed_file_key_0838c3bb_like ON public.doomed_file USING btree (key text_pattern_ops);

CREATE INDEX doomed_repo_lease_ends_at_b72dd85e ON public.doomed_repo USING btree (lease_ends_at);

CREATE INDEX email_token_account_id_bd43e75c ON public.email_token USING btree (account_id);

CREATE INDEX email_token_code_hash_ea79e39d ON public.email_token USING btree (code_hash);

CREATE INDEX email_token_code_hash_ea79e39d_like ON public.email_token USING btree (code_hash varchar_pattern_ops);

CREATE INDEX email_token_issued_at_cdc0236e ON public.email_token USING btree (issued_at);

CREATE INDEX event_by_seq ON ONLY public.event USING btree (host_id, seq) WHERE (seq IS NOT NULL);

CREATE INDEX event_20261130_host_id_seq_idx ON public.event_20261130 USING btree (host_id, seq) WHERE (seq IS NOT NULL);

CREATE INDEX event_pending ON ONLY public.event USING btree (id) WHERE (seq IS NULL);

CREATE INDEX event_20261130_id_idx ON public.event_20261130 USING btree (id) WHERE (seq IS NULL);

CREATE INDEX event_by_position ON ONLY public.event USING btree ("position") WHERE ("position" IS NOT NULL);

CREATE INDEX event_20261130_position_idx ON public.event_20261130 USING btree ("position") WHERE ("position" IS NOT NULL);

CREATE INDEX event_by_repo ON ONLY public.event USING btree (repo_id);

CREATE INDEX event_20261130_repo_id_idx ON public.event_20261130 USING btree (repo_id);

CREATE INDEX event_20261201_host_id_seq_idx ON public.event_20261201 USING btree (host_id, seq) WHERE (seq IS NOT NULL);

CREATE INDEX event_20261201_id_idx ON public.event_20261201 USING btree (id) WHERE (seq IS NULL);

CREATE INDEX event_20261201_position_idx ON public.event_20261201 USING btree ("position") WHERE ("position" IS NOT NULL);

CREATE INDEX event_20261201_repo_id_idx ON public.event_20261201 USING btree (repo_id);

CREATE INDEX event_20261202_host_id_seq_idx ON public.event_20261202 USING btree (host_id, seq) WHERE (seq IS NOT NULL);

CREATE INDEX event_20261202_id_idx ON public.event_20261202 USING btree (id) WHERE (seq IS NULL);

CREATE INDEX event_20261202_position_idx ON public.event_20261202 USING btree ("position") WHERE ("position" IS NOT NULL);

CREATE INDEX event_20261202_repo_id_idx ON public.event_20261202 USING btree (repo_id);

CREATE INDEX event_20261203_host_id_seq_idx ON public.event_20261203 USING btree (host_id, seq) WHERE (seq IS NOT NULL);

CREATE INDEX event_20261203_id_idx ON public.event_20261203 USING btree (id) WHERE (seq IS NULL);

CREATE INDEX event_20261203_position_idx ON public.event_20261203 USING btree ("position") WHERE ("position" IS NOT NULL);

CREATE INDEX event_20261203_repo_id_idx ON public.event_20261203 USING btree (repo_id);

CREATE INDEX event_default_host_id_seq_idx ON public.event_default USING btree (host_id, seq) WHERE (seq IS NOT NULL);

CREATE INDEX event_default_id_idx ON public.event_default USING btree (id) WHERE (seq IS NULL);

CREATE INDEX event_default_position_idx ON public.event_default USING btree ("position") WHERE ("position" IS NOT NULL);

CREATE INDEX event_default_repo_id_idx ON public.event_default USING btree (repo_id);

CREATE INDEX evidence_host_id_a10dee42 ON public.evidence USING btree (host_id);

CREATE INDEX evidence_kept_until_bea24b0c ON public.evidence USING btree (kept_until);

CREATE UNIQUE INDEX firehose_restore_is_one_at_a_time ON public.firehose_restore USING btree (host_id) WHERE (ended_at IS NULL);

CREATE INDEX handle_domain_host_id_72cd7785 ON public.handle_domain USING btree (host_id);

CREATE INDEX handle_domain_name_cc1a9444_like ON public.handle_domain USING btree (name varchar_pattern_ops);

CREATE INDEX held_sign_up_by_host ON public.held_sign_up USING btree (host_id, state, id);

CREATE UNIQUE INDEX held_sign_up_did_is_unique_a_host ON public.held_sign_up USING btree (host_id, did) WHERE (NOT ((did)::text = ''::text));

CREATE UNIQUE INDEX held_sign_up_email_is_unique_a_host ON public.held_sign_up USING btree (host_id, email) WHERE (((did)::text = ''::text) AND ((state)::text = 'waiting'::text));

CREATE UNIQUE INDEX held_sign_up_handle_is_unique ON public.held_sign_up USING btree (handle) WHERE ((state)::text = 'waiting'::text);

CREATE INDEX held_sign_up_host_id_da93ee1f ON public.held_sign_up USING btree (host_id);

CREATE INDEX host_hostname_d4bfffb7_like ON public.host USING btree (hostname varchar_pattern_ops);

CREATE INDEX host_tenant_id_9bcfface ON public.host USING btree (tenant_id);

CREATE UNIQUE INDEX import_job_is_one_at_a_time ON public.import_job USING btree (repo_id) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));

CREATE INDEX import_job_to_take_up ON public.import_job USING btree (lease_ends_at) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));

CREATE INDEX invite_code_by_owner ON public.invite_code USING btree (host_id, for_account);

CREATE INDEX invite_code_by_usage ON public.invite_code USING btree (host_id, used_count DESC, id DESC);

CREATE INDEX invite_code_code_074cf0b0_like ON public.invite_code USING btree (code varchar_pattern_ops);

CREATE INDEX invite_code_host_id_4782006f ON public.invite_code USING btree (host_id);

CREATE INDEX invite_use_by_account ON public.invite_use USING btree (used_by);

CREATE INDEX invite_use_code_id_8a6de87a ON public.invite_use USING btree (code_id);

CREATE INDEX known_place_account_id_9518ef61 ON public.known_place USING btree (account_id);

CREATE INDEX known_place_last_seen_at_4aaa316a ON public.known_place USING btree (last_seen_at);

CREATE INDEX mail_count_resets_at_2893a702 ON public.mail_count USING btree (resets_at);

CREATE INDEX member_tenant_id_94eee4ea ON public.member USING btree (tenant_id);

CREATE INDEX member_user_id_4d954c77 ON public.member USING btree (user_id);

CREATE INDEX network_lexicon_nsid_eabda5f6_like ON public.network_lexicon USING btree (nsid text_pattern_ops);

CREATE INDEX network_lexicon_wanted ON public.network_lexicon USING btree (due_at) WHERE is_wanted;

CREATE INDEX outgoing_mail_by_age ON public.outgoing_mail USING btree (created_at);

CREATE INDEX outgoing_mail_by_recipient ON public.outgoing_mail USING btree (host_id, recipient);

CREATE INDEX outgoing_mail_captured ON public.outgoing_mail USING btree (expires_at) WHERE (((state)::text = 'captured'::text) AND (NOT (text = ''::text)));

CREATE INDEX outgoing_mail_due ON public.outgoing_mail USING btree (next_attempt_at) WHERE ((state)::text = ANY ((ARRAY['queued'::character varying, 'sending'::character varying])::text[]));

CREATE INDEX outgoing_mail_host_id_b1137a03 ON public.outgoing_mail USING btree (host_id);

CREATE INDEX outgoing_mail_message_id_760df85f_like ON public.outgoing_mail USING btree (message_id varchar_pattern_ops);

CREATE INDEX plc_operation_account_id_c34b2c20 ON public.plc_operation USING btree (account_id);

CREATE INDEX plc_operation_by_time ON public.plc_directory_operation USING btree (created_at, id);

CREATE INDEX plc_operation_due ON public.plc_operation USING btree (next_attempt_at) WHERE ((state)::text = 'pending'::text);

CREATE UNIQUE INDEX plc_operation_keeps_a_handle_once ON public.plc_operation USING btree (new_handle) WHERE (((state)::text = 'pending'::text) AND (NOT ((new_handle)::text = ''::text)));

CREATE INDEX record_by_subject ON ONLY public.record USING btree (repo_id, collection, subject) WHERE (subject IS NOT NULL);

CREATE INDEX record_0_repo_id_collection_subject_idx ON public.record_0 USING btree (repo_id, collection, subject) WHERE (subject IS NOT NULL);

CREATE INDEX record_by_rev ON ONLY public.record USING btree (repo_id, rev);

CREATE INDEX record_0_repo_id_rev_idx ON public.record_0 USING btree (repo_id, rev);

CREATE INDEX repo_by_host ON public.repo USING btree (host_id, id);

CREATE INDEX report_by_host ON public.report USING btree (host_id, id);

CREATE INDEX report_evidence_id_09089ce8 ON public.report USING btree (evidence_id);

CREATE INDEX report_host_id_e9b06a55 ON public.report USING btree (host_id);

CREATE INDEX reserved_key_did_key_4bdba535_like ON public.reserved_key USING btree (did_key varchar_pattern_ops);

CREATE INDEX reserved_key_host_id_13006b87 ON public.reserved_key USING btree (host_id);

CREATE UNIQUE INDEX reserved_key_is_one_a_did ON public.reserved_key USING btree (host_id, did) WHERE (NOT ((did)::text = ''::text));

CREATE INDEX session_by_expiry ON public.session USING btree (expires_at);

CREATE INDEX session_by_lineage ON public.session USING btree (account_id, lineage);

CREATE INDEX session_jti_bd0230d9_like ON public.session USING btree (jti varchar_pattern_ops);

CREATE INDEX signing_key_by_owner ON public.signing_key USING btree (did);

CREATE INDEX spent_challenge_digest_3fd002cc_like ON public.spent_challenge USING btree (digest varchar_pattern_ops);

CREATE INDEX spent_challenge_expires_at_bf55d6c5 ON public.spent_challenge USING btree (expires_at);

CREATE INDEX staff_user_groups_group_id_f268c67d ON public.staff_user_groups USING btree (group_id);

CREATE INDEX staff_user_groups_staffuser_id_e7316051 ON public.staff_user_groups USING btree (staffuser_id);

CREATE INDEX staff_user_user_permissions_permission_id_f36572eb ON public.staff_user_user_permissions USING btree (permission_id);

CREATE INDEX staff_user_user_permissions_staffuser_id_24d5f6c7 ON public.staff_user_user_permissions USING btree (staffuser_id);

CREATE INDEX staff_user_username_039485a3_like ON public.staff_user USING btree (username varchar_pattern_ops);

CREATE INDEX tenant_slug_812ad82d_like ON public.tenant USING btree (slug varchar_pattern_ops);

CREATE INDEX web_identity_did_8108a330_like ON public.web_identity USING btree (did varchar_pattern_ops);

CREATE INDEX web_identity_host_id_263fdd39 ON public.web_identity USING btree (host_id);

CREATE INDEX web_session_account_id_9837ec5e ON public.web_session USING btree (account_id);

CREATE INDEX web_session_token_sha256_ffa33724_like ON public.web_session USING btree (token_sha256 varchar_pattern_ops);

ALTER INDEX public.event_by_seq ATTACH PARTITION public.event_20261130_host_id_seq_idx;

ALTER INDEX public.event_pending ATTACH PARTITION public.event_20261130_id_idx;

ALTER INDEX public.event_pkey ATTACH PARTITION public.event_20261130_pkey;

ALTER INDEX public.event_by_position ATTACH PARTITION public.event_20261130_position_idx;

ALTER INDEX public.event_by_repo ATTACH PARTITION public.event_20261130_repo_id_idx;

ALTER INDEX public.event_by_seq ATTACH PARTITION public.event_20261201_host_id_seq_idx;

ALTER INDEX public.event_pending ATTACH PARTITION public.event_20261201_id_idx;

ALTER INDEX public.event_pkey ATTACH PARTITION public.event_20261201_pkey;

ALTER INDEX public.event_by_position ATTACH PARTITION public.event_20261201_position_idx;

ALTER INDEX public.event_by_repo ATTACH PARTITION public.event_20261201_repo_id_idx;

ALTER INDEX public.event_by_seq ATTACH PARTITION public.event_20261202_host_id_seq_idx;

ALTER INDEX public.event_pending ATTACH PARTITION public.event_20261202_id_idx;

ALTER INDEX public.event_pkey ATTACH PARTITION public.event_20261202_pkey;

ALTER INDEX public.event_by_position ATTACH PARTITION public.event_20261202_position_idx;

ALTER INDEX public.event_by_repo ATTACH PARTITION public.event_20261202_repo_id_idx;

ALTER INDEX public.event_by_seq ATTACH PARTITION public.event_20261203_host_id_seq_idx;

ALTER INDEX public.event_pending ATTACH PARTITION public.event_20261203_id_idx;

ALTER INDEX public.event_pkey ATTACH PARTITION public.event_20261203_pkey;

ALTER INDEX public.event_by_position ATTACH PARTITION public.event_20261203_position_idx;

ALTER INDEX public.event_by_repo ATTACH PARTITION public.event_20261203_repo_id_idx;

ALTER INDEX public.event_by_seq ATTACH PARTITION public.event_default_host_id_seq_idx;

ALTER INDEX public.event_pending ATTACH PARTITION public.event_default_id_idx;

ALTER INDEX public.event_pkey ATTACH PARTITION public.event_default_pkey;

ALTER INDEX public.event_by_position ATTACH PARTITION public.event_default_position_idx;

ALTER INDEX public.event_by_repo ATTACH PARTITION public.event_default_repo_id_idx;

ALTER INDEX public.node_pkey ATTACH PARTITION public.node_0_pkey;

ALTER INDEX public.record_pkey ATTACH PARTITION public.record_0_pkey;

ALTER INDEX public.record_by_subject ATTACH PARTITION public.record_0_repo_id_collection_subject_idx;

ALTER INDEX public.record_by_rev ATTACH PARTITION public.record_0_repo_id_rev_idx;

CREATE TRIGGER audit_entry_is_append_only BEFORE DELETE OR UPDATE ON public.audit_entry FOR EACH ROW EXECUTE FUNCTION public.audit_entry_is_append_only();

CREATE TRIGGER audit_entry_is_never_emptied BEFORE TRUNCATE ON public.audit_entry FOR EACH STATEMENT EXECUTE FUNCTION public.audit_entry_is_append_only();

CREATE TRIGGER blob_is_counted AFTER INSERT ON public.blob REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.count_new_blobs();

CREATE TRIGGER blob_is_counted_out AFTER DELETE ON public.blob REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION public.count_gone_blobs();

CREATE TRIGGER blob_moves_as_allowed BEFORE UPDATE OF state ON public.blob FOR EACH ROW WHEN ((old.state <> new.state)) EXECUTE FUNCTION public.refuse_blob_move();

CREATE TRIGGER signing_key_keeps_its_owner BEFORE UPDATE ON public.signing_key FOR EACH ROW WHEN ((((old.did_key)::text <> (new.did_key)::text) OR (old.wrapped <> new.wrapped) OR (old.host_id <> new.host_id) OR (((old.did)::text <> ''::text) AND ((old.did)::text <> (new.did)::text)))) EXECUTE FUNCTION public.signing_key_keeps_its_owner();

CREATE CONSTRAINT TRIGGER takedowns_follow_records AFTER UPDATE ON public.repo DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.has_takedowns) EXECUTE FUNCTION public.drop_takedowns_of_gone_records();

CREATE TRIGGER takedowns_go_with_repo AFTER DELETE ON public.repo FOR EACH ROW WHEN (old.has_takedowns) EXECUTE FUNCTION public.drop_takedowns_of_gone_repo();

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_host_id_a186a085_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.account_preference
    ADD CONSTRAINT account_preference_account_id_4c601fdb_fk_account_id FOREIGN KEY (account_id) REFERENCES public.account(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_signs_with_its_own_key FOREIGN KEY (signing_did_key, host_id, did) REFERENCES public.signing_key(did_key, host_id, did);

ALTER TABLE ONLY public.app_password
    ADD CONSTRAINT app_password_account_id_699633ab_fk_account_id FOREIGN KEY (account_id) REFERENCES public.account(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.arrival
    ADD CONSTRAINT arrival_account_id_fc3e4685_fk_account_id FOREIGN KEY (account_id) REFERENCES public.account(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.audit_entry
    ADD CONSTRAINT audit_entry_host_id_ea06d63d_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.audit_entry
    ADD CONSTRAINT audit_entry_staff_id_9979e6ee_fk_staff_user_id FOREIGN KEY (staff_id) REFERENCES public.staff_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissio_permission_id_84c5c92e_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_b120cbf9_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_2f476e4b_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.custom_handle
    ADD CONSTRAINT custom_handle_account_id_47454a89_fk_account_id FOREIGN KEY (account_id) REFERENCES public.account(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_content_type_id_c4bce8eb_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_user_id_c564eba6_fk_staff_user_id FOREIGN KEY (user_id) REFERENCES public.staff_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.email_token
    ADD CONSTRAINT email_token_account_id_bd43e75c_fk_account_id FOREIGN KEY (account_id) REFERENCES public.account(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_host_id_a10dee42_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.handle_domain
    ADD CONSTRAINT handle_domain_host_id_72cd7785_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.held_sign_up
    ADD CONSTRAINT held_sign_up_host_id_da93ee1f_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.host
    ADD CONSTRAINT host_tenant_id_9bcfface_fk_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenant(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.invite_code
    ADD CONSTRAINT invite_code_host_id_4782006f_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.invite_permission
    ADD CONSTRAINT invite_permission_account_id_52da01b8_fk_account_id FOREIGN KEY (account_id) REFERENCES public.account(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.invite_use
    ADD CONSTRAINT invite_use_code_id_8a6de87a_fk_invite_code_id FOREIGN KEY (code_id) REFERENCES public.invite_code(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.known_place
    ADD CONSTRAINT known_place_account_id_9518ef61_fk_account_id FOREIGN KEY (account_id) REFERENCES public.account(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.mail_count
    ADD CONSTRAINT mail_count_host_id_af4d3440_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.mail_sender
    ADD CONSTRAINT mail_sender_host_id_d3a0d95e_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_tenant_id_94eee4ea_fk_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenant(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_user_id_4d954c77_fk_staff_user_id FOREIGN KEY (user_id) REFERENCES public.staff_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.outgoing_mail
    ADD CONSTRAINT outgoing_mail_host_id_b1137a03_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.plc_operation
    ADD CONSTRAINT plc_operation_account_id_c34b2c20_fk_account_id FOREIGN KEY (account_id) REFERENCES public.account(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.report
    ADD CONSTRAINT report_evidence_id_09089ce8_fk_evidence_id FOREIGN KEY (evidence_id) REFERENCES public.evidence(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.report
    ADD CONSTRAINT report_host_id_e9b06a55_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.reserved_key
    ADD CONSTRAINT reserved_key_did_key_4bdba535_fk_signing_key_did_key FOREIGN KEY (did_key) REFERENCES public.signing_key(did_key) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.reserved_key
    ADD CONSTRAINT reserved_key_host_id_13006b87_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.reserved_key
    ADD CONSTRAINT reserved_key_waits_for_its_owner FOREIGN KEY (did_key, host_id, did) REFERENCES public.signing_key(did_key, host_id, did);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_account_id_9c7cf240_fk_account_id FOREIGN KEY (account_id) REFERENCES public.account(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.sign_up_breaker
    ADD CONSTRAINT sign_up_breaker_host_id_ddf5fe99_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.signing_key
    ADD CONSTRAINT signing_key_host_id_9c7d745c_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.staff_user_groups
    ADD CONSTRAINT staff_user_groups_group_id_f268c67d_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.staff_user_groups
    ADD CONSTRAINT staff_user_groups_staffuser_id_e7316051_fk_staff_user_id FOREIGN KEY (staffuser_id) REFERENCES public.staff_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.staff_user_user_permissions
    ADD CONSTRAINT staff_user_user_perm_permission_id_f36572eb_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.staff_user_user_permissions
    ADD CONSTRAINT staff_user_user_perm_staffuser_id_24d5f6c7_fk_staff_use FOREIGN KEY (staffuser_id) REFERENCES public.staff_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.web_identity
    ADD CONSTRAINT web_identity_account_id_96ed5717_fk_account_id FOREIGN KEY (account_id) REFERENCES public.account(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.web_identity
    ADD CONSTRAINT web_identity_host_id_263fdd39_fk_host_id FOREIGN KEY (host_id) REFERENCES public.host(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.web_session
    ADD CONSTRAINT web_session_account_id_9837ec5e_fk_account_id FOREIGN KEY (account_id) REFERENCES public.account(id) DEFERRABLE INITIALLY DEFERRED;

