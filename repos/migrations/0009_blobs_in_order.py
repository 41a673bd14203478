"""The order of listBlobs: that of the CIDs' text, as all other hosts have it."""

from django.db import migrations

# Base32 writes 26 to 31 as the digits 2 to 7, which sort before its letters. So the text's order is
# that of the five-bit groups, each moved on by six (and round): added here in all groups at once,
# with the carries kept inside them. 36 bytes are 58 groups; the last one has two bits of nothing.
ORDER = """
CREATE FUNCTION cid_order(p_cid bytea) RETURNS bit(290)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    v_sum bit(290) := ('x' || encode(p_cid, 'hex'))::bit(290);
    v_carry bit(290) := repeat('00110', 58)::bit(290);
    v_old bit(290);
BEGIN
    FOR i IN 1..5 LOOP
        v_old := v_sum;
        v_sum := v_old # v_carry;
        v_carry := (v_old & v_carry & repeat('01111', 58)::bit(290)) << 1;
    END LOOP;
    RETURN v_sum;
END $$;
CREATE INDEX blob_use_in_order ON blob_use (repo_id, cid_order(cid));
"""


class Migration(migrations.Migration):
    dependencies = [("repos", "0008_doomed_repos")]
    operations = [
        migrations.RunSQL(ORDER, "DROP INDEX blob_use_in_order; DROP FUNCTION cid_order;")
    ]
