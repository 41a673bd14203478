"""`make run`: checks, starts, watches, restarts and stops every process of a small deployment.

It loads the product once and forks web processes and worker, which share its memory
(docs/decisions/0036).
"""
