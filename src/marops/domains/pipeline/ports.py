"""How deals come in from files: the columns of the importer `opportunities`."""

from django.utils.translation import gettext_lazy as _

from marops.domains.pipeline.actions import keep_from_file
from marops.domains.pipeline.permissions import IMPORT
from marops.domains.pipeline.stages import snapshots_today
from marops.kernel.importers import Cell, Column, Importer

COLUMNS = (
    Column("name", _("Name of the deal"), also=("opportunity name", "deal name", "opportunity", "deal", "deal title")),
    Column(
        "stage",
        _("Stage"),
        also=("deal stage", "stage name", "sales stage", "opportunity stage", "dealstage", "pipeline stage"),
        required=True,
        strict=True,
    ),
    Column("company", _("Company"), Cell.COMPANY, (
        "account", "account name", "company name", "associated company", "organization", "organisation", "customer",
        "client",
    )),
    Column("company_domain", _("Domain of the company"), Cell.DOMAIN, (
        "domain", "company domain", "account website", "website",
    )),
    Column("owner", _("Owner"), also=(
        "sales agent", "opportunity owner", "deal owner", "account executive", "sales rep", "rep", "salesperson",
        "owner name", "seller", "assigned to",
    )),
    Column("amount", _("Amount"), Cell.MONEY, (
        "close value", "value", "deal value", "deal amount", "opportunity amount", "amount in deal currency", "revenue",
        "expected revenue", "contract value", "acv",
    ), strict=True),
    Column("currency", _("Currency"), Cell.CURRENCY, (
        "currency code", "currency iso code", "amount currency", "deal currency", "opportunity currency",
    ), strict=True),
    Column("opened_at", _("Opened"), Cell.MOMENT, (
        "engage date", "created date", "create date", "created", "created at", "opened", "open date", "start date",
        "date created", "opportunity created date",
    ), strict=True),
    Column("close_date", _("Close date (expected while open)"), Cell.MOMENT, (
        "close date", "closed date", "closedate", "date closed", "closed at", "end date",
    ), strict=True),
    Column("expected_close", _("Expected close"), Cell.MOMENT, (
        "expected close date", "expected closing", "target date", "forecast date", "estimated close date",
    ), strict=True),
    Column("stage_since", _("In this stage since"), Cell.MOMENT, (
        "last stage change date", "stage changed", "stage change date", "stage entered", "date entered current stage",
    )),
    Column("is_closed", _("Closed (yes or no)"), Cell.TRUTH, ("closed", "is deal closed", "is closed")),
    Column("is_won", _("Won (yes or no)"), Cell.TRUTH, ("won", "is closed won", "is won")),
    Column("reason", _("Reason why won or lost"), also=(
        "loss reason", "lost reason", "closed lost reason", "reason lost", "close reason", "win reason",
    )),
    Column("source", _("Source"), also=("lead source", "original source", "opportunity source", "deal source")),
    Column("product", _("Product"), also=("product name", "product family", "line of business")),
    Column("people", _("People"), Cell.LONG, (
        "contact", "contact email", "contact e-mail", "primary contact email", "email", "e-mail", "associated contact",
        "contact id", "contact role contact", "associated contact emails", "lead",
    )),
    Column("person_role", _("Role of the person"), also=("contact role", "role", "buying role")),
)  # fmt: skip

IMPORTER = Importer(
    name="opportunities",
    title=_("Opportunities"),
    right=IMPORT,
    columns=COLUMNS,
    keep=keep_from_file,
    telling=(
        "deal stage", "stage name", "opportunity name", "opportunity id", "deal name", "close date", "close value",
        "opportunity owner", "deal owner", "deal id", "sales stage", "engage date", "dealname", "dealstage",
        "closedate",
    ),
    ids=("opportunity id", "deal id", "opp id", "id", "record id", "opportunity number", "deal number"),
    identified_by=("name", "company", "opened_at"),
    findings={
        "deals-disagree": (
            _("Its ids belong to different deals."),
            _("Correct the id that is wrong; the deals are named in the reason."),
        ),
        "person-unknown": (
            _("Nobody goes by this reference."),
            _("Import the lead first, or use an address or id that it is known by; the deal was kept."),
        ),
        "person-ambiguous": (
            _("Several people go by this reference."),
            _("Use the L-number of the one who is meant; the deal was kept."),
        ),
    },
    after=snapshots_today,
)  # fmt: skip
