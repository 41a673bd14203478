"""The console's pages of enforcement: actions on an account, policies, notices, appeals."""
