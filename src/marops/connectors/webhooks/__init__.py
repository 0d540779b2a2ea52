"""Tells other systems what happened: signed calls by Standard Webhooks."""
