"""The router that all modules of the team's REST share."""

from ninja import Router

router = Router(tags=["team"])
