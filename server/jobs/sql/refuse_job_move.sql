-- What is decided stays decided: server.jobs.life_cycle.MOVES between rows, and a test compares them.
--
-- Each table of jobs has a trigger that calls this, with the moves to refuse in its WHEN, so that an
-- update of a job that is open does not call anything.
CREATE OR REPLACE FUNCTION refuse_job_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'check_violation',
        MESSAGE = format('a job of %s that is %s cannot become %s', TG_TABLE_NAME, OLD.state, NEW.state);
END $$;
