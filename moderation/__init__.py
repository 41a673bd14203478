"""What we did about it: takedowns, audit log, the staff console's pages."""
