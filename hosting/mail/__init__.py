"""Mail: letters in a tenant's voice, and the outbox that gets them there.

The room's doors are `outbox.post` and `outbox.forget`. A letter is a row before it is anything
else, written in the transaction of whatever it tells about; a task hands it to the mail server.
"""
