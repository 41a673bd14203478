"""Who may sign up at a host, and which service moderates it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hosting", "0002_blob_quota")]
    operations = [
        migrations.AddField(
            model_name="host",
            name="admission",
            field=models.CharField(
                choices=[
                    ("open", "Open to everybody"),
                    ("captcha", "Open to whoever solves a captcha"),
                    ("invite", "With an invite code"),
                    ("approval", "After staff have approved"),
                    ("migration_only", "Only for accounts that move in from another host"),
                    ("closed", "Closed"),
                ],
                default="open",
                max_length=16,
            ),
        ),
        migrations.RunSQL(
            "update host set admission = 'invite' where has_invites_required",
            "update host set has_invites_required = (admission = 'invite')",
        ),
        migrations.RemoveField(model_name="host", name="has_invites_required"),
        migrations.AddField(
            model_name="host",
            name="sign_up_limit_count",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="More sign-ups than this in ten minutes are held for staff;"
                " empty: no limit.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="host",
            name="invite_interval",
            field=models.DurationField(
                blank=True,
                help_text="How long an account waits for each invite code it earns.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="host",
            name="invite_epoch",
            field=models.DateTimeField(
                blank=True, help_text="Time before this earns no invite codes.", null=True
            ),
        ),
        migrations.AddField(
            model_name="host",
            name="captcha_verify_url",
            field=models.URLField(blank=True),
        ),
        migrations.AddField(
            model_name="host",
            name="captcha_site_key",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="host",
            name="captcha_secret",
            field=models.BinaryField(blank=True, default=b""),
        ),
        migrations.AddField(
            model_name="host",
            name="moderation_did",
            field=models.CharField(
                blank=True,
                help_text="The service that may use com.atproto.admin.*.",
                max_length=2048,
            ),
        ),
    ]
