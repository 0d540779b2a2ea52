"""Who may bring data in."""

from marops.kernel.permissions import right

IMPORT = right("leads.import", "Import leads")
