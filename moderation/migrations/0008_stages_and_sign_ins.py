"""The audit log tells deeds that were begun from those that are done, and cannot be emptied."""

from django.db import migrations, models

NEVER_EMPTIED = """
create trigger audit_entry_is_never_emptied before truncate on audit_entry
  for each statement execute function audit_entry_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0007_resume_move"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="stage",
            field=models.CharField(
                blank=True,
                choices=[("", "done"), ("begun", "begun"), ("done", "done"), ("failed", "failed")],
                max_length=8,
            ),
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
                    ("account.resume_move", "Move pushed on"),
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
                    ("host.change_admission", "Admission changed"),
                    ("staff.sign_in", "Staff signed in"),
                    ("staff.sign_in_refused", "Staff sign-in refused"),
                    ("staff.sign_out", "Staff signed out"),
                    ("blob.take_down", "File taken down"),
                    ("blob.restore", "File restored"),
                    ("blob.deny", "File denied"),
                    ("blob.allow", "File allowed"),
                ],
                max_length=40,
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="subject_did",
            field=models.CharField(blank=True, max_length=2048, verbose_name="DID"),
        ),
        migrations.RunSQL(
            NEVER_EMPTIED, "drop trigger audit_entry_is_never_emptied on audit_entry;"
        ),
    ]
