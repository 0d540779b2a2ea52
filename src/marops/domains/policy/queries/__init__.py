"""Reads of the policy: what is in force, what was decided, and what it answers."""
