"""Repos as the relay knows them: one by its DID, all of them, those with a collection.

Those of our own hosts are read from the hosts' tables; of the others the relay has accounts and
what it heard.
"""
