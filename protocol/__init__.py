"""AT Protocol as values and functions.

No Django, no I/O, no clock but what is passed in. Everything here can be read beside the
specification (atproto.com/specs) and tested against the public interop vectors.
"""
