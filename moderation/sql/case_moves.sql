-- Which state of a case may follow which: the pairs of moderation.desk.states.MOVES; a test compares the two.
CREATE OR REPLACE FUNCTION refuse_case_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'closed' OR NEW.state = 'open' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'check_violation',
        MESSAGE = format('a case that is %s cannot become %s', OLD.state, NEW.state);
END $$;
CREATE OR REPLACE TRIGGER case_moves_as_allowed BEFORE UPDATE OF state ON moderation_case FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION refuse_case_move();

-- What happened to a case and what was noted stays as it was written.
CREATE OR REPLACE FUNCTION case_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what happened to a case is append-only';
END $$;
CREATE OR REPLACE TRIGGER case_event_is_append_only BEFORE UPDATE OR DELETE ON case_event
    FOR EACH ROW EXECUTE FUNCTION case_event_is_append_only();
