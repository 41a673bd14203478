"""The captcha of sign-ups: what a page shows, and the gate that apps send people to."""
