"""Requests of methods: body, content codings, checked call."""
