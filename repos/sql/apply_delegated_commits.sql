-- apply_commits, where some of the commits are by controllers who act for the repo's owner: those
-- that take effect are written down for the owner in the same transaction (accounts.delegation.log).
-- Commits of owners go to apply_commits itself and pay nothing for this.
CREATE OR REPLACE FUNCTION apply_delegated_commits(
    p_deed_repos bigint[], p_actors text[], p_told text[],
    p_repos bigint[], p_prevs text[], p_revs text[], p_heads bytea[], p_datas bytea[],
    p_commits bytea[], p_growths integer[], p_sizes bigint[], p_writes integer[],
    p_event_repos bigint[], p_seq_ats integer[], p_bodies bytea[],
    p_left_repos bigint[], p_left_collections text[], p_left_rkeys text[],
    p_record_repos bigint[], p_collections text[], p_rkeys text[], p_cids bytea[],
    p_record_revs text[], p_subjects text[], p_blocks bytea[],
    p_gone_repos bigint[], p_gone bytea[],
    p_node_repos bigint[], p_node_cids bytea[], p_node_revs text[], p_node_blocks bytea[],
    p_use_repos bigint[], p_use_collections text[], p_use_rkeys text[], p_use_cids bytea[],
    p_use_revs text[]
) RETURNS TABLE (refused_id bigint, refused_status text) LANGUAGE plpgsql AS $$
DECLARE
    v_refused bigint[] := '{}';
BEGIN
    FOR refused_id, refused_status IN
        SELECT a.refused_id, a.refused_status FROM apply_commits(
            p_repos, p_prevs, p_revs, p_heads, p_datas, p_commits, p_growths, p_sizes,
            p_writes, p_event_repos, p_seq_ats, p_bodies,
            p_left_repos, p_left_collections, p_left_rkeys,
            p_record_repos, p_collections, p_rkeys, p_cids, p_record_revs, p_subjects, p_blocks,
            p_gone_repos, p_gone, p_node_repos, p_node_cids, p_node_revs, p_node_blocks,
            p_use_repos, p_use_collections, p_use_rkeys, p_use_cids, p_use_revs) a
    LOOP
        v_refused := v_refused || refused_id;
        RETURN NEXT;
    END LOOP;
    INSERT INTO delegated_deed (account_id, controller_did, deed, detail, at)
    SELECT w.repo_id, w.actor, 'commit', w.told, clock_timestamp()
    FROM unnest(p_deed_repos, p_actors, p_told) WITH ORDINALITY w(repo_id, actor, told, place)
    WHERE w.repo_id <> ALL (v_refused) ORDER BY w.place;
END $$;
