"""One-time codes that prove whose mailbox it is: one live code for an account and a purpose.

A code that still lives is mailed again to whoever asks again: nobody can make the one in an e-mail
worthless by asking for more. When so many were asked for that no further e-mail may leave, the code
in the last one lives again: an attacker who uses up somebody's e-mails keeps nobody out.

Source: the e-mail family of com.atproto.server.*. A code is two groups of five base32 characters,
compared without case. It lives for 15 minutes after it was last asked for, and is burned on use and
by too many wrong tries. Kept are a seed and a hash, which make a code under the server's secret key
alone: whoever reads the table learns none.
"""

import base64
import hmac
import secrets
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.authentication.session_tokens import ExpiredToken, InvalidToken
from accounts.models import Account, EmailToken
from hosting.limits import RateLimitExceeded
from hosting.mail import emails, outbox
from hosting.mail.models import OutgoingMail
from hosting.models import Host
from server.database import connection, model_rows

Purpose = EmailToken.Purpose

LIVES: Final = emails.CODE_LIVES
WRONG_TRIES_MAX: Final = 10
_REMEMBERED_FOR: Final = timedelta(days=1)  # so that a late code is called expired, not invalid
_SEED_BYTES: Final = 16
_GROUP: Final = 5
_BURN: Final = """
    DELETE FROM email_token WHERE account_id = %s AND purpose = %s AND code_hash = %s
        AND wrong_tries < %s AND issued_at > %s
    RETURNING id
"""
_IS_LIVE: Final = "t.seed <> '' AND t.wrong_tries < %(tries)s AND t.issued_at > %(live_since)s"
_ISSUE: Final = f"""
    INSERT INTO email_token AS t (account_id, purpose, seed, code_hash, wrong_tries, issued_at)
    VALUES (%(account)s, %(purpose)s, %(seed)s, %(hash)s, 0, %(now)s)
    ON CONFLICT (account_id, purpose) DO UPDATE SET
        seed = CASE WHEN {_IS_LIVE} THEN t.seed ELSE excluded.seed END,
        code_hash = CASE WHEN {_IS_LIVE} THEN t.code_hash ELSE excluded.code_hash END,
        wrong_tries = CASE WHEN {_IS_LIVE} THEN t.wrong_tries ELSE 0 END,
        issued_at = excluded.issued_at
    RETURNING t.seed
"""  # noqa: S608 - constants only
EMAILS: Final = {
    Purpose.CONFIRM_EMAIL: emails.CONFIRM_EMAIL,
    Purpose.UPDATE_EMAIL: emails.UPDATE_EMAIL,
    Purpose.RESET_PASSWORD: emails.RESET_PASSWORD,
    Purpose.DELETE_ACCOUNT: emails.DELETE_ACCOUNT,
    Purpose.PLC_OPERATION: emails.PLC_OPERATION,
    Purpose.AUTH_FACTOR: emails.SIGN_IN_CODE,
}

# The ways back for an owner whose session somebody stole: that one's e-mails use up none of these.
_WAYS_IN: Final = frozenset({Purpose.RESET_PASSWORD, Purpose.AUTH_FACTOR})


def mail(
    account: Account, purpose: EmailToken.Purpose, language: str | None = None
) -> OutgoingMail | None:
    """Issue a code and put the e-mail with it into the outbox, both or neither.

    `language` is the reader's; None: the account's, else the host's. Raises RateLimitExceeded when
    the address, or the account, got enough e-mails lately: the code in the last e-mail is good
    again then.
    """
    try:
        with transaction.atomic():
            code = issue(account, purpose)
            context = {"code": code, "handle": account.handle or account.did}
            if purpose == Purpose.CONFIRM_EMAIL:
                context["link"] = _link(account, code)
            return outbox.post(
                account.host,
                account.email,
                EMAILS[purpose],
                context,
                language=language or account.language,
                cause="" if purpose in _WAYS_IN else account.did,
            )
    except RateLimitExceeded:
        _revive(account, purpose)
        raise


def issue(account: Account, purpose: EmailToken.Purpose) -> str:
    """The live code, good for the whole time again, or else a new one."""
    now = timezone.now()
    seed = secrets.token_hex(_SEED_BYTES)
    code = _code(account, purpose, seed)
    params = {
        "account": account.pk,
        "purpose": purpose.value,
        "seed": seed,
        "hash": hash_of(account.host_id, purpose, code),
        "now": now,
        "live_since": now - LIVES,
        "tries": WRONG_TRIES_MAX,
    }
    row = connection.row(_ISSUE, params)
    kept = row[0] if row else seed
    return code if kept == seed else _code(account, purpose, kept)


def check(account: Account, purpose: EmailToken.Purpose, code: str) -> None:
    """Whether this is the account's live code; a wrong one is counted.

    Call it outside of a transaction, which would take the count back with everything else, and
    `burn` inside the one that does what the code allows. Raises InvalidToken, ExpiredToken.
    """
    token = _token(account, purpose)
    if token is None or token.wrong_tries >= WRONG_TRIES_MAX:
        raise InvalidToken("Token is invalid")
    if not hmac.compare_digest(token.code_hash, hash_of(account.host_id, purpose, code)):
        EmailToken.objects.filter(pk=token.pk).update(wrong_tries=F("wrong_tries") + 1)
        raise InvalidToken("Token is invalid")
    _refuse_expired(token)


def burn(account: Account, purpose: EmailToken.Purpose, code: str) -> None:
    """Use the code up: of several who try at once, one may go on.

    Raises InvalidToken, ExpiredToken.
    """
    hashed, live_since = hash_of(account.host_id, purpose, code), timezone.now() - LIVES
    params = (account.pk, purpose, hashed, WRONG_TRIES_MAX, live_since)
    if not connection.rows(_BURN, params):
        check(account, purpose, code)  # says what is wrong with it
        raise InvalidToken("Token is invalid")


def _token(account: Account, purpose: EmailToken.Purpose) -> EmailToken | None:
    columns = ", ".join(model_rows.columns(EmailToken))
    sql = f"SELECT {columns} FROM email_token WHERE account_id = %s AND purpose = %s"  # noqa: S608 - constants only
    row = connection.row(sql, (account.pk, purpose))
    return None if row is None else model_rows.instance(EmailToken, row)


def burn_all(account: Account) -> None:
    """Take back every code of an account, in the caller's transaction."""
    EmailToken.objects.filter(account=account).delete()


def owner_of(host: Host, purpose: EmailToken.Purpose, code: str) -> Account:
    """Whose code it is, where the code alone must tell. Raises InvalidToken, ExpiredToken."""
    tokens = EmailToken.objects.select_related("account__host__tenant").filter(
        account__host=host, purpose=purpose, code_hash=hash_of(host.pk, purpose, code)
    )
    token = tokens.first()
    if token is None or token.wrong_tries >= WRONG_TRIES_MAX:
        raise InvalidToken("Token is invalid")
    _refuse_expired(token)
    return token.account


def forget_old() -> None:
    """The sweep: codes that nobody remembers to have asked for."""
    EmailToken.objects.filter(issued_at__lt=timezone.now() - _REMEMBERED_FOR).delete()


def _revive(account: Account, purpose: EmailToken.Purpose) -> None:
    known_since = timezone.now() - _REMEMBERED_FOR
    last = EmailToken.objects.filter(account=account, purpose=purpose, issued_at__gt=known_since)
    last.filter(wrong_tries__lt=WRONG_TRIES_MAX).exclude(seed="").update(issued_at=timezone.now())


def _refuse_expired(token: EmailToken) -> None:
    if token.issued_at <= timezone.now() - LIVES:
        raise ExpiredToken("Token is expired")


def _code(account: Account, purpose: str, seed: str) -> str:
    salt = f"accounts.authentication.email_codes.code:{account.pk}:{purpose}"
    digest = salted_hmac(salt, seed, algorithm="sha256").digest()
    text = base64.b32encode(digest).decode()
    return f"{text[:_GROUP]}-{text[_GROUP : 2 * _GROUP]}"


def _link(account: Account, code: str) -> str:
    """A page that takes the code from its address: of all codes, this one gives nobody anything."""
    return f"{account.host.origin}/account/confirm-address/{code.replace('-', '').lower()}"


def hash_of(host_id: int, purpose: str, code: str) -> str:
    """Hex. The host is part of it: a code of one host means nothing at another."""
    typed = "".join(sign for sign in code.upper() if sign.isalnum())  # people leave out the dash
    salt = f"accounts.authentication.email_codes:{host_id}:{purpose}"
    return salted_hmac(salt, typed.encode(errors="replace"), algorithm="sha256").hexdigest()
