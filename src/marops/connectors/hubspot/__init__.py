"""HubSpot: its contact export is recognised on import."""
