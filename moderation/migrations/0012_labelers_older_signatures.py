"""Labelers whose key was changed have signatures to renew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0011_audit_chain"),
    ]

    operations = [
        migrations.AddField(
            model_name="labeler",
            name="has_older_signatures",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
