"""Read-after-write: an author's own last writes, merged into the app view's answers.

Source: protocol, read-after-write. An app view names in `atproto-repo-rev` the last commit of the
caller's repo that it has seen. Where that is behind ours, the caller's own profile and posts since
are put into the answer, as the app view will show them. Whatever is not as it should be leaves the
app view's answer as it is.
"""
