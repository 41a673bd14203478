"""The HTTP of the authorization server, but for the pages: documents, PAR, tokens, revocation."""
