"""Pages of the way in: sign-in, sign-up, and a forgotten password."""
