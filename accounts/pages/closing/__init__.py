"""Pages of an account that rests, was taken down, or ends: its state, an appeal, the end."""
