"""Pages of delegation: the people of an account, and the accounts of a person.

people    for the account: list, invite, change, remove, what controllers did
acting    for the controller: invitations, accounts, an end to it
visiting  signing in by OAuth at another host, for controllers who live there
"""
