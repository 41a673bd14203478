"""The moderation desk: reports become cases, cases are worked through."""
