"""Who may see workflows and change them. What somebody's hour costs is for those who may see pay."""

from marops.kernel.permissions import right

VIEW = right("workflows.view", "See workflows, crews and scenarios")
CHANGE = right("workflows.change", "Draw workflows, bring in logs, write scenarios")
PAY = "pay.see"
"""The right to see what an hour of somebody costs; accounts know it."""
