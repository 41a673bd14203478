"""Disposable mail domains: addresses for ten minutes are no way to reach an owner.

The well-known ones only; a complete list would be stale the day it is written.
"""

_DOMAINS = frozenset(
    """
    10minutemail.com 10minutemail.net 20minutemail.com 33mail.com anonbox.net burnermail.io
    byom.de discard.email discardmail.com discardmail.de dispostable.com dropmail.me
    emailondeck.com emlhub.com fakeinbox.com fakemail.net fakemailgenerator.com getairmail.com
    getnada.com guerrillamail.biz guerrillamail.com guerrillamail.de guerrillamail.info
    guerrillamail.net guerrillamail.org guerrillamailblock.com harakirimail.com incognitomail.org
    inboxkitten.com jetable.org mail-temp.com mail.tm mailcatch.com maildrop.cc mailexpire.com
    mailinator.com mailinator.net mailnesia.com mailnull.com mailsac.com minuteinbox.com
    mintemail.com moakt.com mohmal.com mytemp.email mytrashmail.com nada.email sharklasers.com
    spam4.me spambog.com spambox.us spamgourmet.com spamex.com tempail.com tempinbox.com
    tempmail.com
    tempmail.dev tempmail.net tempmail.plus tempmailo.com tempr.email temp-mail.io temp-mail.org
    throwawaymail.com trash-mail.com trashmail.com trashmail.de trashmail.me trashmail.net
    trashmail.ws wegwerfmail.de wegwerfmail.net wegwerfmail.org yopmail.com yopmail.fr yopmail.net
    """.split()  # noqa: SIM905 - a page of words reads better without quotes
)


def is_disposable(email: str) -> bool:
    """Whether the address is at one of those domains or below one."""
    labels = email.rpartition("@")[2].lower().split(".")
    return any(".".join(labels[start:]) in _DOMAINS for start in range(len(labels)))
