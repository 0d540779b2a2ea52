"""The route that an empty workspace begins with: everything waits in one queue until people say otherwise."""

from marops.kernel.definitions import Starter

STARTERS = [
    Starter(
        "route",
        "main",
        {"title": "Main route", "rules": [], "fallback": "unassigned-leads"},
        "Part of the starter set: every lead goes to the queue “Unassigned leads” until you add rules.",
    )
]
