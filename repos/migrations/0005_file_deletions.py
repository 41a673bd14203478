"""A file in the storage that is to be removed is a file deletion. The rename touches no row."""

from django.db import migrations

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("repos", "0004_leased_jobs")]
    operations = [
        migrations.RenameModel("DoomedFile", "FileDeletion"),
        migrations.AlterModelTable("FileDeletion", "file_deletion"),
        run_sql_file("repos", "stage_blob"),
    ]
