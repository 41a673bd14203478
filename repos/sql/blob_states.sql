-- Which state of a blob may follow which.
--
-- The pairs of repos.blobs.states.MOVES between rows; a test compares the two. A blob in quarantine
-- that a commit refers to gets the commit's own answer to a blob that is not there (GRB01).
CREATE OR REPLACE FUNCTION refuse_blob_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) IN (
        ('staged', 'live'), ('staged', 'quarantined'),
        ('live', 'idle'), ('live', 'quarantined'),
        ('idle', 'live'), ('idle', 'quarantined'),
        ('quarantined', 'idle')
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = CASE OLD.state WHEN 'quarantined' THEN 'GRB01' ELSE 'GRB02' END,
        MESSAGE = encode(OLD.cid, 'hex'),
        DETAIL = format('%s cannot become %s', OLD.state, NEW.state);
END $$;
CREATE OR REPLACE TRIGGER blob_moves_as_allowed BEFORE UPDATE OF state ON blob FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION refuse_blob_move();
