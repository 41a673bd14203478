"""Mail: e-mails in a tenant's voice, and the outbox that gets them there.

Its interface is `outbox.post` and `outbox.forget`. An e-mail is a row before it is anything
else, written in the transaction of whatever it tells about; a task hands it to the mail server.
"""
