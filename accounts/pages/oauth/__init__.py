"""The pages of a sign-in with OAuth: who it is, what the app may do, and back to the app.

    urls                 every address has the request's `client_id` and `request_uri` in its query
    requests             what all pages share: the browser, its request, the way back
    browsers             windows and frames, device cookies, browsers that lose cookies
    way_back             the answer that leads to the app, and the page for when none may
    authorize            the page that comes next: sign in, choose, consent, or the end
    sign_in, sign_up, password_reset, consent
    permission_wording   scopes in sentences
    apps                 which apps an account is signed in to

Who may answer what is decided by accounts.oauth.authorization.
"""
