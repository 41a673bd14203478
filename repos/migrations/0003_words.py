"""A deleted repo of which something is left is called a repo deletion."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("repos", "0002_squashed_sql")]
    operations = [
        migrations.RenameModel("DoomedRepo", "RepoDeletion"),
        migrations.AlterModelTable("RepoDeletion", "repo_deletion"),
    ]
