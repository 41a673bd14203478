"""Subjects of cases: what they are called, what there is of them, how they are shown."""
