"""The function that takes our own hosts' events follows a host to its new name."""

from django.db import migrations

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("relay", "0007_alerts")]

    operations = [run_sql_file("relay", "relay_take_inside")]
