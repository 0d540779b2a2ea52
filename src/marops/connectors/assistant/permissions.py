"""Who may say which AI helps, and pays for it."""

from marops.kernel.permissions import right

MANAGE = right("assistant.manage", "Say which AI helps, and keep its key")
