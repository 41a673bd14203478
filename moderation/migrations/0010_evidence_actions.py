"""The audit log knows downloads and discarding of evidence."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0009_evidence"),
    ]

    operations = [
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
                    ("evidence.download", "Evidence downloaded"),
                    ("evidence.discard", "Evidence discarded"),
                ],
                max_length=40,
            ),
        ),
    ]
