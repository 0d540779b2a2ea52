"""Who may bring the sample company in and take it out again."""

from marops.kernel.permissions import right

MANAGE = right("sample.manage", "Bring in and remove the sample company")
