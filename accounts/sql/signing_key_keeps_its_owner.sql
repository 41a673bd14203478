-- A signing key, once it has an owner (host and DID), keeps both.
CREATE OR REPLACE FUNCTION signing_key_keeps_its_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the signing key % has an owner already', OLD.did_key
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE TRIGGER signing_key_keeps_its_owner BEFORE UPDATE ON signing_key FOR EACH ROW
    WHEN (OLD.did_key <> NEW.did_key OR OLD.wrapped <> NEW.wrapped
        OR OLD.host_id <> NEW.host_id OR (OLD.did <> '' AND OLD.did <> NEW.did))
    EXECUTE FUNCTION signing_key_keeps_its_owner();
