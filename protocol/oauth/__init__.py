"""OAuth scopes as values: their grammar, what each grants, and permission sets."""
