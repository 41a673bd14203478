"""The console's pages about people who come: sign-ups, invite codes, accounts that move in."""
