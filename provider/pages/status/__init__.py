"""The status page: figures that are kept every minute, and what did not work in the last months.

`watching` looks at the parts and keeps the figures, `incidents` are theirs and the operator's,
`views` shows them: a view probes nothing.
"""
