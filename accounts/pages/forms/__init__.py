"""The forms of the account pages."""
