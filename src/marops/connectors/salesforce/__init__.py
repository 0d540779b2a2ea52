"""Salesforce: its lead report is recognised on import."""
