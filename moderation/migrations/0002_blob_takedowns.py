"""Blobs as subjects of the audit log."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="subject_cid",
            field=models.CharField(blank=True, max_length=100, verbose_name="CID"),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="action",
            field=models.CharField(
                choices=[
                    ("account.take_down", "Account taken down"),
                    ("account.restore", "Account restored"),
                    ("blob.take_down", "File taken down"),
                    ("blob.restore", "File restored"),
                ],
                max_length=40,
            ),
        ),
    ]
