"""One reader of the firehose for all webhooks that name collections."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("provider", "0010_platform_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookReader",
            fields=[
                (
                    "id",
                    models.SmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("position", models.BigIntegerField()),
            ],
            options={
                "db_table": "webhook_reader",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="webhook_reader_is_one"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="webhook",
            name="is_behind",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="webhook",
            index=models.Index(
                condition=models.Q(("is_behind", True)),
                fields=["record_position"],
                name="webhook_behind",
            ),
        ),
        migrations.AddIndex(
            model_name="webhook",
            index=models.Index(
                condition=models.Q(
                    models.Q(("collections", []), _negated=True), ("is_behind", False)
                ),
                fields=["tenant"],
                name="webhook_reading",
            ),
        ),
    ]
