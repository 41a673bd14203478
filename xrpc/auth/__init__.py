"""Who calls: sessions, staff, services; and the account and repo that a call is about."""
