"""`make run`: checks, starts, watches, restarts and stops every process of a small deployment.

Imports no Django, so that the process which only waits stays at a few megabytes.
"""
