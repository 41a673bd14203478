"""What staff do: accounts found and changed, sign-ups reviewed, moves helped on."""
