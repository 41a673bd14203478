"""The process that reads hosts and writes the relay's stream: `python -m relay.ingestion.process`.

Reading order: `decisions` (what becomes of an event, given what is known of its account), `writer`
(a batch, one transaction), `identities` and `upstream` (what other servers are asked), `rates`,
`preparing` (a batch before the writer has it), `sockets` and `reader` (one host), `repairs`
(accounts that lost the thread), `crawler` (all of it), `process`.
"""
