"""Background work: durable jobs (rows under a lease), the worker, the schedule of what is periodic.

How to add a durable job: docs/architecture.md.
"""
