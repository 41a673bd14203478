-- Nothing in the audit log is changed, deleted or emptied.
create or replace function audit_entry_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only';
end $$;
create or replace trigger audit_entry_is_append_only before update or delete on audit_entry
  for each row execute function audit_entry_is_append_only();
create or replace trigger audit_entry_is_never_emptied before truncate on audit_entry
  for each statement execute function audit_entry_is_append_only();
