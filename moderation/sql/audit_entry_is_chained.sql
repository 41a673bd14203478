-- Each entry of a tenant's audit log is a link of a chain: its hash is taken over the hash before it, its number and all
-- columns of the entry, each with its length, so that no two entries read the same (moderation/audit_chain.py does it
-- again, without this function). The trigger waits for the commit: the lock on the chain's end is a transaction's last,
-- so that it is short and two writers cannot wait for each other.
create or replace function audit_column(value text) returns text language sql immutable as $$
  select octet_length(coalesce(value, '')) || ':' || coalesce(value, '')
$$;

create or replace function audit_entry_hash(entry audit_entry, number bigint, before bytea) returns bytea
language sql stable as $$
  select sha256(before || convert_to(
    audit_column(number::text)
    || audit_column(entry.id::text)
    || audit_column(entry.host_id::text)
    || audit_column(entry.staff_id::text)
    || audit_column(entry.actor)
    || audit_column(entry.action)
    || audit_column(entry.stage)
    || audit_column(entry.subject_did)
    || audit_column(entry.subject_handle)
    || audit_column(entry.subject_cid)
    || audit_column(entry.subject_record)
    || audit_column(entry.ref)
    || audit_column(entry.reason)
    || audit_column((extract(epoch from entry.created_at) * 1000000)::bigint::text),
    'UTF8'))
$$;

create or replace function chain_audit_entry(entry audit_entry) returns void language plpgsql as $$
declare
  chain audit_chain;
begin
  insert into audit_chain (tenant_id, number, hash)
    select tenant_id, 0, '' from host where id = entry.host_id
    on conflict do nothing;
  select audit_chain.* into chain from audit_chain join host using (tenant_id)
    where host.id = entry.host_id for update of audit_chain;
  chain.number := chain.number + 1;
  chain.hash := audit_entry_hash(entry, chain.number, chain.hash);
  insert into audit_link (entry_id, tenant_id, number, hash)
    values (entry.id, chain.tenant_id, chain.number, chain.hash);
  update audit_chain set number = chain.number, hash = chain.hash where tenant_id = chain.tenant_id;
end $$;

create or replace function audit_entry_is_chained() returns trigger language plpgsql as $$
begin
  perform chain_audit_entry(new);
  return null;
end $$;

drop trigger if exists audit_entry_is_chained on audit_entry;
create constraint trigger audit_entry_is_chained after insert on audit_entry deferrable initially deferred
  for each row execute function audit_entry_is_chained();
create or replace trigger audit_link_is_append_only before update or delete on audit_link
  for each row execute function audit_entry_is_append_only();
create or replace trigger audit_link_is_never_emptied before truncate on audit_link
  for each statement execute function audit_entry_is_append_only();
