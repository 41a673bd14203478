"""The wizard that sets up a tenant: a step a page, and a row that keeps what was entered."""
