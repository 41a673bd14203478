"""Second factors on pages.

    second_step   after the right password: a code or a passkey, for oneself and for an app
    overview      what there is
    changes       each thing added, named, removed, by who proved lately who they are
    forms, urls

Recovery codes are shown in the answer that makes them, and never again.
"""
