"""Signals to the packages above, always inside the transaction that made them true.

Each signal carries `account: Account`. Send with `send`, never `send_robust`: a receiver that
fails must roll the change back (docs/architecture.md section 2).
"""

from django.dispatch import Signal

account_opened = Signal()  # the directory holds the DID; make the repo and announce it
account_migration_begun = Signal()  # a DID of elsewhere moves in: make the repo, say nothing
account_reopened = Signal()  # whoever proved the DID has it: what was private before goes
account_moved_in = Signal()  # its DID leads here now and it is active: announce it, newly signed
account_activated = Signal()  # the owner is back, perhaps from elsewhere: say who and where it is
account_status_changed = Signal()  # the status was set, perhaps to what it already was
handle_changed = Signal()  # the account has a new handle, or none
signing_key_changed = Signal()  # the DID names another repo signing key, and so does the account
appeal_made = Signal()  # the owner of an account that was taken down asks why; also carries `text`
account_deleted = Signal()  # its row is about to go, and with it everything that is about it
