"""The REST API by other people's tools."""
