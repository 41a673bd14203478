"""What an app may want asked: the values of `prompt`.

Source: OpenID Connect Core section 3.1.2.1, Initiating User Registration via OpenID Connect.
"""

from typing import Final

NONE: Final = "none"
LOGIN: Final = "login"
CONSENT: Final = "consent"
SELECT_ACCOUNT: Final = "select_account"
CREATE: Final = "create"
PROMPTS: Final = (NONE, LOGIN, CONSENT, SELECT_ACCOUNT, CREATE)
