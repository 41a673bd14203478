"""Hosts are locked before their accounts when somebody moves in."""

from django.db import migrations

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("relay", "0009_repos_that_are_read")]

    operations = [run_sql_file("relay", "relay_take_inside")]
