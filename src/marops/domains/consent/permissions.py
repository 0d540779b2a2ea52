"""Rights over what people said, and over their wish to be forgotten."""

from marops.kernel.permissions import right

ERASE = right("contacts.erase", "Erase people for good")
