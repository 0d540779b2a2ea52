"""What the command line may use of webhooks."""

from marops.connectors.webhooks.actions import make_endpoint
from marops.connectors.webhooks.forms import EndpointForm
from marops.connectors.webhooks.queries import endpoints

__all__ = ["EndpointForm", "endpoints", "make_endpoint"]
