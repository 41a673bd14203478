"""What the host of before says of somebody who has moved between our own hosts is left out."""

from django.db import migrations

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("relay", "0003_collections")]

    operations = [run_sql_file("relay", "relay_take_inside")]
