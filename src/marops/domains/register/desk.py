"""What the register puts on desks: platforms with what they cost, and campaigns that run."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from marops.domains.accounts.public import names
from marops.domains.register.models import Campaign, Platform
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.money import short
from marops.kernel.permissions import may
from marops.kernel.shell import Need, Section, SectionRow
from marops.kernel.workspace import today

SEE = "metrics.view"


def platforms(actor: Actor, as_of: datetime) -> Iterator[Need | Section]:
    """What is paid for, the dearest first."""
    rows = list(Platform.objects.order_by("-cost", "name")[:40]) if may(actor, SEE) else []
    if not rows:
        return
    sums: dict[str, Decimal] = {}
    for one in rows:
        if one.cost and one.currency:
            sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.cost
    said = ", ".join(short(total, currency) for currency, total in sorted(sums.items()))
    yield Section(
        _("Platforms"),
        _("%(sum)s a month for %(n)s") % {"sum": said, "n": len(rows)} if said else "",
        columns=(_("Platform"), _("For"), _("Cost a month"), _("Seats"), _("Contract ends")),
        rows=[
            SectionRow(
                (
                    one.name,
                    one.category or "–",
                    short(one.cost, one.currency) or "–",
                    f"{one.seats:,}" if one.seats else "–",
                    f"{one.contract_ends:%-d %b %Y}" if one.contract_ends else "–",
                )
            )
            for one in rows[:8]
        ],
        numbers=frozenset({2, 3}),
    )


def campaigns(actor: Actor, as_of: datetime) -> Iterator[Section]:
    """Campaigns that run today or begin within a month."""
    day = today(as_of)
    running = Campaign.objects.filter(starts__lte=day + timedelta(days=30)).filter(Q(ends=None) | Q(ends__gt=day))
    rows = list(running.select_related("channel").order_by("ends", "starts", "name")[:10]) if may(actor, SEE) else []
    if not rows:
        return
    people = names([one.owner_id for one in rows if one.owner_id])
    yield Section(
        _("Campaigns"),
        _("that run, or begin within a month"),
        columns=(_("Campaign"), _("Channel"), _("From"), _("Until"), _("Owner"), _("Budget")),
        rows=[
            SectionRow(
                (
                    one.name,
                    one.channel.name if one.channel else "–",
                    f"{one.starts:%-d %b}" if one.starts else "–",
                    f"{one.ends:%-d %b}" if one.ends else "–",
                    people.get(str(one.owner_id), "–"),
                    short(one.budget, one.currency) or "–",
                )
            )
            for one in rows
        ],
        numbers=frozenset({5}),
    )


ports.desk.fill("platforms", platforms)
ports.desk.fill("campaigns", campaigns)
