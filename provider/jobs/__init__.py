"""Long work that a person or a program asks for: one table, one way to begin it, one to look at it.

`kinds` is the registry of what there is to do; `begin` writes the row; `running` makes attempts in
a worker; `work` is what an attempt is given: its input, its place, its progress. The REST API
answers 202 and the job's address, `manage.py job` and the console's pages show the same row.

To add a kind: a function of a `Work` that may be stopped after any step and called again, and
`kinds.register("tenant.export", export)` in a module that provider/apps.py names.
"""
