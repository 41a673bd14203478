"""Requests of methods: input, checked call."""
