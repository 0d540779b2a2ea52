"""Accounts: sign-in, access roles, tokens."""
