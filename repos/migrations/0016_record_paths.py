"""Only record paths get into the table of records, whatever way they come.

Source: atproto.com/specs/record-key, nsid. A backstop behind `syntax.is_record_path`: the lengths of
a domain's labels are left to that, because Postgres takes ten times as long for repeats with bounds.
Rows that are there are not looked at: `manage.py repo check` finds and `remove-invalid` removes them.
"""

from django.db import migrations

_CONSTRAINT = r"""
ALTER TABLE record ADD CONSTRAINT record_path CHECK (
    collection ~ '^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+\.[a-zA-Z][a-zA-Z0-9]*$'
    AND octet_length(collection) <= 317
    AND rkey !~ '[^a-zA-Z0-9._:~-]'
    AND octet_length(rkey) BETWEEN 1 AND 512
    AND rkey NOT IN ('.', '..')
) NOT VALID
"""


class Migration(migrations.Migration):
    dependencies = [("repos", "0015_crawl_pauses")]

    operations = [migrations.RunSQL(_CONSTRAINT, "ALTER TABLE record DROP CONSTRAINT record_path")]
