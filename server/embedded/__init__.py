"""Real Postgres and real Valkey from wheels, run safely under the data folder."""
