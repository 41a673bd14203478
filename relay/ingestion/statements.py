"""The statements of a batch's transaction (relay.ingestion.writer)."""

from typing import Final

LEAD: Final = b"SELECT pg_try_advisory_lock(hashtext('grove.relay'))"
TAKE_INSIDE: Final = b"SELECT relay_take_inside(%s)"
ENSURE: Final = b"SELECT ensure_day_partitions('relay_event', %s::int)"
COUNTERS: Final = b"INSERT INTO relay_counter (relay_id) VALUES (0), (1) ON CONFLICT DO NOTHING"

# Staff may take an account down at any moment: the row is held until the batch is done.
ACCOUNTS: Final = b"""
    SELECT did, host_id, id, host_status, is_throttled, taken_down_at IS NOT NULL, rev, head, data,
        desynchronized_at IS NOT NULL, desynchronized_at
    FROM relay_account WHERE did = ANY (%s) ORDER BY id FOR NO KEY UPDATE
"""
# Accounts of our own hosts have no row here before they move; those still moving in are elsewhere.
OURS: Final = b"""
    SELECT DISTINCT ON (a.did) a.did, h.id
    FROM account a JOIN relay_host h ON h.inside_id = a.host_id
    WHERE a.did = ANY (%s) AND a.opened_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM account_migration m WHERE m.account_id = a.id AND m.activated_at IS NULL
    )
    ORDER BY a.did, a.moved_away_at NULLS FIRST, a.opened_at DESC
"""
# Of an account that is at one of our own hosts, or was until it moved out: its newest commit there.
HEADS: Final = b"""
    SELECT DISTINCT ON (r.did) r.did, r.rev, r.head, r.data
    FROM repo r JOIN relay_host h ON h.inside_id = r.host_id
    WHERE r.did = ANY (%s) ORDER BY r.did, r.rev DESC
"""
# These hosts, and those where these accounts are: whose host is changed by nobody but the writer.
HOSTS: Final = b"""
    SELECT id, inside_id IS NOT NULL, account_count, account_limit, hostname,
        status = 'banned'
    FROM relay_host WHERE id = ANY (ARRAY(
        SELECT unnest(%s::bigint[]) UNION SELECT host_id FROM relay_account WHERE did = ANY (%s)
    )) ORDER BY id FOR NO KEY UPDATE
"""
NEW_ACCOUNTS: Final = b"""
    INSERT INTO relay_account (did, host_id, host_status, is_throttled, rev, head, data,
        desynchronized_at, repair_after, created_at, updated_at)
    SELECT did, host_id, host_status, is_throttled, rev, head, data,
        CASE WHEN is_lost THEN now() END, CASE WHEN is_lost THEN now() END, now(), now()
    FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bool[], %s::text[], %b::bytea[],
        %b::bytea[], %s::bool[])
        AS n (did, host_id, host_status, is_throttled, rev, head, data, is_lost)
"""
# One who is lost and has a new head was repaired by half: again at once.
CHANGED_ACCOUNTS: Final = b"""
    UPDATE relay_account a SET host_id = n.host_id, host_status = n.host_status, rev = n.rev,
        head = n.head, data = n.data, updated_at = now(),
        desynchronized_at = CASE WHEN is_lost THEN now() END,
        repair_after = CASE WHEN NOT is_lost THEN NULL
            WHEN a.head IS DISTINCT FROM n.head THEN now()
            ELSE coalesce(a.repair_after, now()) END,
        repair_failures = CASE WHEN is_lost AND a.head IS NOT DISTINCT FROM n.head
            THEN a.repair_failures ELSE 0 END
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %b::bytea[], %b::bytea[],
        %s::bool[]) AS n (id, host_id, host_status, rev, head, data, is_lost)
    WHERE a.id = n.id
"""
ERASE: Final = b"DELETE FROM relay_event WHERE did = ANY (%s)"
COUNT: Final = b"""
    UPDATE relay_counter SET last_seq = last_seq + %s WHERE relay_id IN (0, 1) RETURNING last_seq
"""
EVENTS: Final = b"""
    INSERT INTO relay_event (seq, host_id, did, kind, seq_at, body)
    SELECT %s + place, host_id, did, kind, seq_at, body
    FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::int[], %b::bytea[])
        WITH ORDINALITY AS n (host_id, did, kind, seq_at, body, place)
"""
NOTIFY: Final = b"SELECT pg_notify('relay', %s)"
HEARD: Final = b"""
    UPDATE relay_host h SET seq = greatest(h.seq, n.seq), account_count = n.account_count,
        accepted_count = h.accepted_count + n.accepted,
        failures = CASE WHEN n.seq IS NULL THEN h.failures ELSE 0 END,
        last_error = CASE WHEN n.seq IS NULL THEN h.last_error ELSE '' END,
        status = CASE WHEN n.seq IS NOT NULL AND h.status IN ('idle', 'offline') THEN 'active'
            ELSE h.status END,
        last_event_at = CASE WHEN n.seq IS NULL THEN h.last_event_at ELSE now() END,
        lag_s = coalesce(n.lag_s, h.lag_s)
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::int[])
        AS n (id, seq, account_count, accepted, lag_s)
    WHERE h.id = n.id
"""
REJECTED: Final = b"""
    INSERT INTO relay_rejection AS r (host_id, reason, count, last_at, last_did, last_detail)
    SELECT host_id, reason, count, now(), did, detail
    FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[])
        AS n (host_id, reason, count, did, detail)
    ON CONFLICT (host_id, reason) DO UPDATE SET count = r.count + excluded.count,
        last_at = excluded.last_at, last_did = excluded.last_did,
        last_detail = excluded.last_detail
"""
# Of an account of ours the row says only what the relay's staff decided.
UNTOLD: Final = b"""
    SELECT a.id, a.did, a.host_id, CASE
        WHEN a.taken_down_at IS NOT NULL THEN 'takendown'
        WHEN h.inside_id IS NOT NULL THEN coalesce((
            SELECT CASE WHEN c.status = 'pending' THEN 'deactivated' ELSE c.status END
            FROM account c WHERE c.did = a.did
            ORDER BY (c.status = 'active') DESC, c.id DESC LIMIT 1), 'deleted')
        WHEN a.host_status = 'active' AND a.is_throttled THEN 'throttled'
        ELSE a.host_status END
    FROM relay_account a JOIN relay_host h ON h.id = a.host_id
    WHERE NOT a.is_status_told ORDER BY a.id LIMIT 100 FOR NO KEY UPDATE OF a
"""
TOLD: Final = b"UPDATE relay_account SET is_status_told = true WHERE id = ANY (%s)"
