"""Records hidden by moderators, and the mark on their repos that spares all others the look-up."""

from django.db import migrations, models

# Deferred to the end of the transaction: an update of a record is a DELETE and an INSERT, and only
# a record that is gone by then loses its takedown. The WHEN clause is all that other repos pay.
FOLLOW = """
CREATE FUNCTION drop_takedowns_of_gone_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM record_takedown t WHERE t.repo_id = NEW.id AND NOT EXISTS (
        SELECT FROM record c
        WHERE c.repo_id = t.repo_id AND c.collection = t.collection AND c.rkey = t.rkey);
    IF FOUND THEN
        UPDATE repo SET has_takedowns = false WHERE id = NEW.id
            AND NOT EXISTS (SELECT FROM record_takedown t WHERE t.repo_id = NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER takedowns_follow_records AFTER UPDATE ON repo
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.has_takedowns)
    EXECUTE FUNCTION drop_takedowns_of_gone_records();
CREATE FUNCTION drop_takedowns_of_gone_repo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM record_takedown WHERE repo_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER takedowns_go_with_repo AFTER DELETE ON repo
    FOR EACH ROW WHEN (OLD.has_takedowns) EXECUTE FUNCTION drop_takedowns_of_gone_repo();
"""
UNFOLLOW = """
DROP TRIGGER takedowns_follow_records ON repo;
DROP TRIGGER takedowns_go_with_repo ON repo;
DROP FUNCTION drop_takedowns_of_gone_records;
DROP FUNCTION drop_takedowns_of_gone_repo;
"""


class Migration(migrations.Migration):
    dependencies = [("repos", "0005_blob_life_cycle")]
    operations = [
        migrations.CreateModel(
            name="RecordTakedown",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "repo_id",
                        "collection",
                        "rkey",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("repo_id", models.BigIntegerField()),
                ("collection", models.TextField(db_collation="C")),
                ("rkey", models.TextField(db_collation="C")),
                ("ref", models.TextField(default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"db_table": "record_takedown"},
        ),
        migrations.AddField(
            "Repo", "has_takedowns", models.BooleanField(db_default=False, default=False)
        ),
        migrations.RunSQL(FOLLOW, UNFOLLOW),
    ]
