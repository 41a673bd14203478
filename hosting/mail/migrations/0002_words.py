"""The kind of an e-mail is called its kind."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mail", "0001_squashed_tables")]
    operations = [
        migrations.RenameField("OutgoingMail", "letter", "kind"),
        migrations.AlterField(
            "OutgoingMail", "kind", models.CharField(max_length=40, verbose_name="kind")
        ),
        migrations.AlterModelOptions(
            "OutgoingMail", {"verbose_name": "e-mail", "verbose_name_plural": "mail"}
        ),
    ]
