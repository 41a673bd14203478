"""Authentication of calls: sessions, staff, services; and the account a call is about."""
