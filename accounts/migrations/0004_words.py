"""Words of the field for inbound account migrations and the velocity limit. Renames touch no row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_oauth")]
    operations = [
        migrations.RenameModel("Arrival", "AccountMigration"),
        migrations.AlterModelTable("AccountMigration", "account_migration"),
        migrations.RenameField("AccountMigration", "handed_over_at", "did_updated_at"),
        migrations.RenameIndex(
            "AccountMigration",
            old_name="arrival_on_the_way",
            new_name="account_migration_pending",
        ),
        migrations.AlterField(
            "AccountMigration",
            "account",
            models.OneToOneField(
                on_delete=models.CASCADE,
                primary_key=True,
                related_name="migration",
                serialize=False,
                to="accounts.account",
            ),
        ),
        migrations.RenameModel("SignUpBreaker", "SignUpVelocityLimit"),
        migrations.AlterModelTable("SignUpVelocityLimit", "sign_up_velocity_limit"),
        migrations.AlterField(
            "SignUpVelocityLimit",
            "host",
            models.OneToOneField(
                on_delete=models.CASCADE,
                primary_key=True,
                related_name="sign_up_velocity_limit",
                serialize=False,
                to="hosting.host",
            ),
        ),
    ]
