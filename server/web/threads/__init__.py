"""Pools of threads that are shared fairly, and requests batched within one of them."""
