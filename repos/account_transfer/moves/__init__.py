"""Moves in by a wizard: an account comes from another host, step by step, on its owner's word.

Source: atproto.com/guides/account-migration; protocol: migration sequences. The same as a tool does
through the API, in a worker. Reading order: `old_host` (asks it), `oauth_sign_in` (the way there
without a password), `old_session` (what it gave us to prove who asks, wrapped), `beginning` (an
account here, deactivated), `copying` (the worker: records and preferences; blobs come by
repos.blobs.fetching), `identity_change` (the operation that makes it public, once its owner
confirms), `arriving` (activation here, deactivation there).
"""
