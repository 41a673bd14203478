"""Pages about an account's data as a whole: the place *Data* of the account centre."""
