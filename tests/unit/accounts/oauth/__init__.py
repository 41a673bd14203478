"""Tests of the authorization server of a host."""
