-- Takedowns of records go when their records, or the whole repo, are gone.
--
-- Deferred to the end of the transaction: an update of a record is a DELETE and an INSERT, and only
-- a record that is gone by then loses its takedown. The WHEN clause is all that other repos pay.
-- (Postgres has no CREATE OR REPLACE for constraint triggers.)
CREATE OR REPLACE FUNCTION drop_takedowns_of_gone_records() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP TRIGGER IF EXISTS takedowns_follow_records ON repo;
CREATE CONSTRAINT TRIGGER takedowns_follow_records AFTER UPDATE ON repo
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.has_takedowns)
    EXECUTE FUNCTION drop_takedowns_of_gone_records();
CREATE OR REPLACE FUNCTION drop_takedowns_of_gone_repo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM record_takedown WHERE repo_id = OLD.id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER takedowns_go_with_repo AFTER DELETE ON repo
    FOR EACH ROW WHEN (OLD.has_takedowns) EXECUTE FUNCTION drop_takedowns_of_gone_repo();
