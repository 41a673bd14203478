"""Denial of service, tried: bounded attacks on a running server, and what innocent clients notice.

Each attack runs for GROVE_ATTACK_S seconds (6 unless set) from two loopback addresses against a
server of the test's own; innocent clients at a third address call beside it. An attack may be
refused or slowed down; they may not.
"""
