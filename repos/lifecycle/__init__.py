"""What an account's life does to its repo: opened, signed anew, deleted."""
