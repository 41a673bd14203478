-- The order of listBlobs: that of the CIDs' text, as all other hosts have it.
--
-- Base32 writes 26 to 31 as the digits 2 to 7, which sort before its letters. So the text's order is
-- that of the five-bit groups, each moved on by six (and round): added here in all groups at once,
-- with the carries kept inside them. 36 bytes are 58 groups; the last one has two bits of nothing.
-- The index blob_use_in_order is made with it: after a change, REINDEX.
CREATE OR REPLACE FUNCTION cid_order(p_cid bytea) RETURNS bit(290)
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
