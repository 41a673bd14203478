-- A name is one host's, be it the first or the other one of that host: `hostname` and
-- `other_hostname` are unique each, and this holds them against each other. Whoever takes a name
-- waits for whoever is just taking it, so that two at once see each other.
CREATE OR REPLACE FUNCTION host_names_are_one_hosts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_lock_space CONSTANT integer := 1752134516;  -- "host"
BEGIN
    PERFORM pg_advisory_xact_lock(v_lock_space, key) FROM (
        SELECT DISTINCT hashtext(name) AS key
        FROM unnest(ARRAY[NEW.hostname, NEW.other_hostname]::text[]) n(name)
        WHERE name IS NOT NULL ORDER BY 1
    ) names;
    IF EXISTS (SELECT FROM host WHERE hostname = NEW.other_hostname AND id <> NEW.id)
        OR EXISTS (SELECT FROM host WHERE other_hostname = NEW.hostname AND id <> NEW.id)
    THEN
        RAISE unique_violation USING MESSAGE = 'another host has this name',
            CONSTRAINT = 'host_names_are_one_hosts', TABLE = 'host';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER host_names_are_one_hosts BEFORE INSERT OR UPDATE OF hostname, other_hostname
    ON host FOR EACH ROW EXECUTE FUNCTION host_names_are_one_hosts();
