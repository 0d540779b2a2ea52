"""Who may decide which other systems are told what happened."""

from marops.kernel.permissions import right

MANAGE = right("webhooks.manage", "Say which systems are told what happened")
