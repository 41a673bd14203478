"""When an address was replaced without proof, and codes that can be mailed again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_one_index_for_sessions")]
    operations = [
        migrations.AddField(
            model_name="account",
            name="email_replaced_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="emailtoken",
            name="seed",
            field=models.CharField(db_default="", default="", max_length=32),
        ),
    ]
