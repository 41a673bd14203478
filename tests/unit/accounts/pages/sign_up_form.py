"""What people fill in."""

FORM = {
    "handle": "alice",
    "domain": ".test",
    "email": "alice@example.com",
    "password": "correct horse battery",
}
