"""Entries of the admin API, whose actors are no staff, and records as subjects."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0002_blob_takedowns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="actor",
            field=models.CharField(blank=True, default="", max_length=2048, verbose_name="actor"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="auditentry",
            name="ref",
            field=models.CharField(blank=True, default="", max_length=300),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="auditentry",
            name="subject_record",
            field=models.CharField(blank=True, default="", max_length=1024, verbose_name="record"),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="staff",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="audit_entries",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="subject_did",
            field=models.CharField(blank=True, max_length=300, verbose_name="DID"),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="action",
            field=models.CharField(
                choices=[
                    ("account.take_down", "Account taken down"),
                    ("account.restore", "Account restored"),
                    ("account.deactivate", "Account deactivated"),
                    ("account.activate", "Account activated"),
                    ("account.delete", "Account deleted"),
                    ("account.change_email", "E-mail address changed"),
                    ("account.change_handle", "Handle changed"),
                    ("account.change_password", "Password changed"),
                    ("account.change_key", "Signing key changed"),
                    ("account.write_to", "Mail sent"),
                    ("record.take_down", "Record taken down"),
                    ("record.restore", "Record restored"),
                    ("invites.create", "Invite codes created"),
                    ("invites.disable", "Invite codes disabled"),
                    ("invites.forbid", "Inviting forbidden"),
                    ("invites.allow", "Inviting allowed"),
                    ("sign_up.approve", "Sign-up approved"),
                    ("sign_up.refuse", "Sign-up refused"),
                    ("sign_up.reopen", "Sign-up reopened"),
                    ("blob.take_down", "File taken down"),
                    ("blob.restore", "File restored"),
                ],
                max_length=40,
            ),
        ),
        migrations.AddConstraint(
            model_name="auditentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("actor", ""), ("staff__isnull", False))
                | models.Q(("staff__isnull", True), models.Q(("actor", ""), _negated=True)),
                name="audit_entry_has_one_actor",
            ),
        ),
    ]
