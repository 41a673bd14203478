"""Indexes for lists and searches that cost the same however much was done and reported."""

from django.db import migrations, models
from django.db.models import Q

from server.database.build_index import BuildIndex
from server.database.search_indexes import index_of_words

AUDIT = (
    models.Index(fields=["host", "id"], name="audit_entry_by_host"),
    models.Index(fields=["action", "id"], name="audit_entry_by_action"),
    models.Index(fields=["subject_handle"], name="audit_entry_by_handle"),
    models.Index(fields=["subject_cid"], name="audit_entry_by_cid", condition=~Q(subject_cid="")),
    models.Index(
        fields=["subject_record"], name="audit_entry_by_record", condition=~Q(subject_record="")
    ),
    index_of_words("reason", "audit_entry_words"),
)
REPORTS = (
    models.Index(fields=["host", "created_at"], name="report_by_time"),
    models.Index(fields=["subject_did"], name="report_by_subject"),
    models.Index(fields=["reported_by"], name="report_by_reporter"),
    index_of_words("reason", "report_words"),
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0003_apps")]
    operations = [
        *(BuildIndex("auditentry", each) for each in AUDIT),
        *(BuildIndex("report", each) for each in REPORTS),
    ]
