"""Answers of other servers remembered for a while, and equal questions asked once."""
