"""Marketo: its lead export is recognised on import."""
