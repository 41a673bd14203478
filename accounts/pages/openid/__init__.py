"""Pages of a sign-in by OpenID Connect.

kept        the cookies of the way there and back
forms       the account of somebody new
way         to the provider, and back
entering    letting somebody in, for oneself and for an app; the page of who is new
connecting  which provider opens an account: connected and removed in its security
proving     a fresh proof by the provider, for who has no password
"""
