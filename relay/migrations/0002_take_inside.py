"""Our own hosts' events, taken into the relay's stream by one function."""

from django.db import migrations

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("accounts", "0019_sessions_of_delegations"), ("relay", "0001_tables")]

    operations = [run_sql_file("relay", "relay_take_inside")]
