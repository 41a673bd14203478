"""Delegation: several people for one account, each signed in as themselves.

Source: docs/decisions/0049.

    roles      the one table: which role may do what, on pages and by apps
    people     the account's side: invite, change, remove
    acting     the controller's side: invitations, accept, leave; whom somebody acts for
    log        what controllers did

An account's own credentials are its last owner: whoever signs in with them may do everything, and
nobody who acts for the account can take that away. Nobody acts for a third: who acts is always
somebody who signed in.
"""
