"""Signals of this package: what it asks of packages above it.

`crawl_requested(host)`: ask the relays for this host now; a receiver answers by relay what went
wrong, or "".

`mail_refused(host, kind, recipient)`: a mail server will never take this e-mail.

`staff_password_changed(request)`: a member of staff has chosen another password on the console; in
the transaction with it.
"""

from django.dispatch import Signal

crawl_requested = Signal()
mail_refused = Signal()
staff_password_changed = Signal()
