"""Archives: all that a host keeps of an account, in one ZIP file for its owner.

Reading order: `zip_stream` (a ZIP in constant memory), `private_data` and `contents` (what is
inside), `requests` (who may have one, and for how long), `worker` (who makes it).
"""
