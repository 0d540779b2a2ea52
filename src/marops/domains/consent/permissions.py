"""Rights over what people said, and over their wish to be forgotten."""

from marops.kernel.permissions import right

ERASE = right("contacts.erase", "Erase people for good")
VIEW = right("privacy.view", "See what people agreed to and what they asked of their data")
ANSWER = right("privacy.answer", "Record what people say, and answer what they ask of their data")
