"""Django's Postgres backend with a bound on connections (settings.DATABASES names it)."""
