"""Writes of the policy."""
