"""Rights over the installation as a whole."""

from marops.kernel.permissions import right

BACK_UP = right("backup.make", "Back the installation up and restore it")
