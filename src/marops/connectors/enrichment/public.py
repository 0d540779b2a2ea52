"""What the command line may use of providers of data."""

from marops.connectors.enrichment.actions import set_key
from marops.connectors.enrichment.jobs import preview_filling, run_asking, run_filling
from marops.connectors.enrichment.queries import provider, providers

__all__ = ["preview_filling", "provider", "providers", "run_asking", "run_filling", "set_key"]
