"""What all pages share: security headers, CORS, colours; and the pages of no account."""
