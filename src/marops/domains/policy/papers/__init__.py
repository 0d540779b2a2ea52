"""The policy on paper."""
