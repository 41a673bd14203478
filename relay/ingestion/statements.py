"""The statements of a batch's transaction (relay.ingestion.writer)."""

from typing import Final

LEAD: Final = b"SELECT pg_try_advisory_lock(hashtext('grove.relay'))"
TAKE_INSIDE: Final = b"SELECT relay_take_inside(%s)"
ENSURE: Final = b"SELECT ensure_day_partitions('relay_event', %s::int)"
COUNTERS: Final = b"INSERT INTO relay_counter (relay_id) VALUES (0), (1) ON CONFLICT DO NOTHING"

# Staff may take an account down at any moment: the row is held until the batch is done.
ACCOUNTS: Final = b"""
    SELECT did, host_id, id, host_status, is_throttled, taken_down_at IS NOT NULL, rev, head, data,
        desynchronized_at IS NOT NULL
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
HOSTS: Final = b"""
    SELECT id, inside_id IS NOT NULL, account_count, account_limit, status = 'banned'
    FROM relay_host WHERE id = ANY (%s) ORDER BY id FOR NO KEY UPDATE
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
CHANGED_ACCOUNTS: Final = b"""
    UPDATE relay_account a SET host_id = n.host_id, host_status = n.host_status, rev = n.rev,
        head = n.head, data = n.data, updated_at = now(),
        desynchronized_at = CASE WHEN is_lost THEN coalesce(a.desynchronized_at, now()) END,
        repair_after = CASE WHEN is_lost THEN coalesce(a.repair_after, now()) END,
        repair_failures = CASE WHEN is_lost THEN a.repair_failures ELSE 0 END
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
        last_event_at = CASE WHEN n.seq IS NULL THEN h.last_event_at ELSE now() END
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
        AS n (id, seq, account_count, accepted)
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
UNTOLD: Final = b"""
    SELECT id, did, host_id, CASE WHEN taken_down_at IS NULL THEN host_status ELSE 'takendown' END
    FROM relay_account WHERE NOT is_status_told ORDER BY id LIMIT 100 FOR NO KEY UPDATE
"""
TOLD: Final = b"UPDATE relay_account SET is_status_told = true WHERE id = ANY (%s)"
