"""A planned structure: document `structure/SLUG`. Seats with roles, managers and dates; today is made of the people.

    title: The team in 2027
    seats:
      - {id: lead, roles: {mops_manager: 0.7, campaign_ops_manager: 0.3}, person: P-3}
      - {id: mail, roles: {email_marketing_specialist: 1.0}, manager: lead, starts: 2027-02-01}

A manager is named by the id of their seat.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import Field

from marops.domains.team.rules.document import Document, Line, Slug, Text

Share = Annotated[float, Field(gt=0, le=1)]


class Seat(Document):
    """A place in the structure: which roles in which shares of a full week, whose, under whom, from when on.

    `person` is the reference of somebody of the team (P-3), `vacancy` that of an opening (V-2); neither: still to be
    opened. `leads_as` is the archetype of leading by which the span of the seat is judged.
    """

    id: Slug
    roles: Mapping[Slug, Share]
    person: str = ""
    vacancy: str = ""
    manager: str = ""
    starts: date | None = None
    leads_as: str = ""
    location: str = ""
    note: Text = ""


class Structure(Document):
    """A structure that is planned or was weighed; `because` says why, `made_by` which blueprint proposed it."""

    title: Line
    by: date | None = None
    because: Text = ""
    made_by: str = ""
    seats: Annotated[tuple[Seat, ...], Field(min_length=1, max_length=5000)]
