"""Who may bring data in."""

from marops.kernel.permissions import right

IMPORT = right("leads.import", "Import leads")
SEND = right("intake.send", "Send in what visitors did, from websites and programs")
