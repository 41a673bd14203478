"""Reports of before join cases: one for each subject of a host, open, since nobody kept whether
somebody had dealt with them. Their time begins now."""

from django.db import migrations

OPEN_CASES = """
    WITH found AS (
        SELECT r.id, r.created_at, r.subject_did, split_part(r.reason_type, '#', -1) AS reason,
            CASE split_part(r.subject_uri, '/', 4) WHEN '' THEN r.subject_did ELSE r.subject_uri END
                AS subject,
            split_part(r.subject_uri, '/', 4) AS collection,
            coalesce((
                SELECT a.host_id FROM account a JOIN host h ON h.id = a.host_id
                WHERE a.did = r.subject_did AND h.tenant_id = t.tenant_id LIMIT 1
            ), r.host_id) AS host_id
        FROM report r JOIN host t ON t.id = r.host_id WHERE r.case_id IS NULL
    ), sorted AS (
        SELECT *, CASE
            WHEN reason ILIKE '%appeal%' THEN 'appeal'
            WHEN reason LIKE 'reasonChildSafety%' THEN 'child_safety'
            WHEN reason LIKE 'reasonSelfHarm%' THEN 'self_harm'
            WHEN reason LIKE 'reasonViolence%' THEN 'violence'
            WHEN reason LIKE 'reasonSexual%' THEN 'sexual'
            WHEN reason LIKE 'reasonHarassment%' OR reason = 'reasonRude' THEN 'harassment'
            WHEN reason IN ('reasonSpam', 'reasonMisleadingSpam') THEN 'spam'
            WHEN reason LIKE 'reasonMisleading%' THEN 'misleading'
            WHEN reason LIKE 'reasonRule%' OR reason = 'reasonViolation' THEN 'rules'
            ELSE 'other' END AS kind
        FROM found
    ), opened AS (
        INSERT INTO moderation_case (host_id, subject, subject_did, collection, kind, state,
            resolution, priority, due_at, report_count, reported_at, created_at)
        SELECT host_id, subject, min(subject_did), min(collection),
            (array_agg(kind ORDER BY kind = 'child_safety' DESC, id DESC))[1], 'open', '',
            CASE WHEN bool_or(kind = 'child_safety') THEN 0 ELSE 2 END,
            now() + interval '72 hours', count(*), max(created_at), min(created_at)
        FROM sorted GROUP BY host_id, subject, kind = 'appeal'
        RETURNING id, host_id, subject, kind
    ), told AS (
        INSERT INTO case_event (case_id, kind, text, created_at)
        SELECT id, 'opened', '', now() FROM opened
    )
    UPDATE report r SET case_id = o.id FROM sorted s JOIN opened o
        ON o.host_id = s.host_id AND o.subject = s.subject
        AND (o.kind = 'appeal') = (s.kind = 'appeal')
    WHERE r.id = s.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0008_desk"),
        ("accounts", "0001_squashed_tables"),
    ]
    operations = [migrations.RunSQL(OPEN_CASES, migrations.RunSQL.noop)]
