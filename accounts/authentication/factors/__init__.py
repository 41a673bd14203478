"""Second factors: what people show beside their password.

    holders           whose factors: an account's, or those of a member of staff
    alerts            e-mails about them
    wrong_codes       five wrong codes close the way for some minutes, then for longer
    totp              codes of an authenticator app
    recovery_codes    ten codes on paper
    typed_codes       either of them, tried under the lock of `wrong_codes`
    challenges        what a passkey signs: made of nothing stored, good once
    ceremonies        what browsers hand in, held against it
    passkeys          WebAuthn
    mailed_code       a code by e-mail, for who has nothing stronger
    trusted_browsers  where the password alone is enough for 30 days
    second_step       what comes after the right password: for pages, and for createSession
    changes           factors added and removed by their owner, or by staff for somebody locked out

*Strong* factors are the authenticator app and passkeys. Recovery codes stand in for both. Once an
account has a strong one, a mailed code opens nothing any more.
"""
