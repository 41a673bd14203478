"""Read-only lists on the console: accounts, the audit log, reports, mail; what all lists share."""
