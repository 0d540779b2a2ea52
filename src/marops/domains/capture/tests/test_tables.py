import csv
import io
import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.nursery import one_soon

from marops.domains.capture.models import Batch, Finding, Import
from marops.domains.capture.preparing import rows
from marops.domains.capture.public import as_map, plan_import, result_of, start_import, try_import, write_rejects
from marops.domains.capture.tables import likely_table
from marops.domains.capture.tests.importground import counts, everything
from marops.domains.contacts.public import Company, CustomField
from marops.domains.pipeline.public import Opportunity, OpportunitySnapshot, PipelineStage
from marops.domains.pipeline.starter import STARTERS
from marops.kernel import crash
from marops.kernel.actors import SETUP
from marops.kernel.definitions import plant_starters
from marops.kernel.errors import MaropsError
from marops.kernel.jobs import ask_to_stop, resume, run_here
from marops.kernel.models import AuditRow, FactInbox, Job, Workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def stages():
    plant_starters(actor=SETUP, starters=STARTERS)


@pytest.fixture
def bring(tmp_path):
    count = iter(range(1000))

    def one(content, mapping=None, **settings):
        path = tmp_path / f"deals-{next(count)}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        plan = plan_import(path, as_map({"columns": mapping or {}, **settings}), table="opportunities")
        result = result_of(run_here(start_import(path, plan, actor=SETUP).id))
        assert result.rows == result.created + result.updated + result.unchanged + result.rejected
        return result

    return one


KEPT = (
    "opportunity",
    "opportunity_key",
    "opportunity_person",
    "opportunity_snapshot",
    "company",
    "pipeline_stage",
)


def stable():
    """What two imports of one file must agree on, whatever ids and times they made."""
    deals = Opportunity.objects.order_by("keys__value")
    return (
        list(deals.values_list("keys__value", "name", "company__name", "stage", "state", "amount", "closed_at")),
        FactInbox.objects.filter(kind__startswith="opportunity.").count(),
        OpportunitySnapshot.objects.count(),
    )


# --- which table a file is -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headings", "table"),
    [
        ("opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value", "opportunities"),
        ("Opportunity Name,Stage,Amount,Close Date,Account Name,Opportunity Owner", "opportunities"),
        ("Record ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date,Deal owner,Associated Company", "opportunities"),
        ("Id,Name,StageName,Amount,CloseDate,AccountId,OwnerId,IsWon,IsClosed,ForecastCategory", "opportunities"),
        ("First Name,Last Name,Email,Company,Stage", "leads"),
        ("Prospect ID,Lead Number,Lead Origin,Lead Source,Converted,Lead Stage", "leads"),
        ("Record ID,First Name,Last Name,Email,Contact owner,Lifecycle Stage,Deal Stage", "leads"),
    ],
)
def test_a_file_tells_what_it_holds_by_its_headings(headings, table):
    assert likely_table(headings.split(",")) == table


# --- the columns ---------------------------------------------------------------------------------------------------


def test_an_export_of_salesforce_is_recognised(bring, tmp_path):
    bring(
        "Opportunity ID,Opportunity Name,Account Name,Stage,Amount,Amount Currency,Close Date,Created Date,"
        "Opportunity Owner,Lead Source,Type,Probability (%),Closed,Won,Next Step\n"
        '006A1,Big one,Solheim Ltd,Id. Decision Makers,"12,500.00",USD,31/12/2026,05/01/2026,Moses Frase,Web,'
        "New Business,60,0,0,Call\n"
        "006A2,Old one,Solheim Ltd,Closed Won,100,EUR,01/02/2026,05/01/2026,Moses Frase,Web,New Business,100,1,1,\n"
    )
    big, old = Opportunity.objects.order_by("number")
    assert (big.name, big.stage, big.amount, big.currency) == ("Big one", "id_decision_makers", 12500, "USD")
    assert (big.expected_close, big.opened_at) == (date(2026, 12, 31), datetime(2026, 1, 5, tzinfo=UTC))
    assert (big.owner_name, big.source, big.company.name) == ("Moses Frase", "Web", "Solheim Ltd")
    assert (old.state, old.closed_at) == ("won", datetime(2026, 2, 1, tzinfo=UTC))
    assert big.keys.get().system == "salesforce"
    assert Import.objects.get().plan["shape"] == "salesforce_opportunities"


def test_an_export_of_hubspot_is_recognised(bring):
    bring(
        "Record ID,Deal Name,Deal Stage,Pipeline,Amount,Currency,Close Date,Create Date,Deal owner,"
        "Associated Company,Associated Contact,Original Traffic Source,Is Closed Won,Closed Lost Reason\n"
        "991,Pilot,Decision Maker Bought-In,Sales Pipeline,1200.5,EUR,2026-12-01 10:00,2026-01-02 09:30,Ana Ruiz,"
        "Isdom,,Organic Search,false,\n"
        "992,Gone,Closed Lost,Sales Pipeline,,,2026-03-01 10:00,2026-01-02 09:30,Ana Ruiz,Isdom,,,false,No budget\n"
    )
    pilot, gone = Opportunity.objects.order_by("number")
    assert (pilot.stage, pilot.amount, pilot.keys.get().system) == (
        "decision_maker_bought_in", Decimal("1200.5"), "hubspot",
    )  # fmt: skip
    assert (gone.state, gone.reason, gone.amount, gone.currency) == ("lost", "No budget", None, None)


def test_amounts_with_signs_of_currencies_are_read(bring):
    bring(
        "Deal ID,Stage,Amount\n1,Proposal,€1.234\n2,Proposal,\"$ 1,234.50\"\n3,Proposal,1 234 GBP\n"
        "4,Proposal,CHF 1'000\n5,Proposal,7\n",
        currency="SEK",
    )  # fmt: skip
    assert list(Opportunity.objects.order_by("number").values_list("amount", "currency")) == [
        (1234, "EUR"), (Decimal("1234.5"), "USD"), (1234, "GBP"), (1000, "CHF"), (7, "SEK"),
    ]  # fmt: skip


def test_columns_of_ones_own_become_custom_fields_of_deals(bring):
    bring("Deal ID,Stage,Region code,Seats\n1,Proposal,NE,20\n2,Proposal,NE,30\n")
    assert set(CustomField.objects.values_list("slug", "entity", "type")) == {
        ("region_code", "opportunities", "text"), ("seats", "opportunities", "number"),
    }  # fmt: skip
    assert Opportunity.objects.order_by("number").first().custom == {"region_code": "NE", "seats": 20}


def test_a_stage_nobody_knows_is_proposed(bring):
    bring("Deal ID,Stage\n1,Legal review\n")
    assert PipelineStage.objects.get(proposed=True).label == "Legal review"


# --- what becomes of rows ------------------------------------------------------------------------------------------


def test_faults_name_row_field_and_remedy_and_can_be_corrected(bring, tmp_path):
    result = bring(
        "Deal ID,Deal name,Stage,Amount,Close date\n"
        "1,Fine,Proposal,10,2026-12-01\n2,No stage,,10,\n3,Odd,Proposal,lots,soon\nbroken,row\n"
        "1,Fine again,Proposal,11,2026-12-01\n",
        {"Close date": "close_date", "Amount": "amount"},
    )
    assert counts(result) == (1, 0, 1, 3)
    assert result.duplicates == [{"row": 2, "replaced_by_row": 6}]
    found = {(one.row, one.field, one.code) for one in Finding.objects.filter(level="reject")}
    assert found == {
        (3, "Stage", "value-missing"), (4, "Amount", "unreadable-number"), (4, "Close date", "unreadable-date"),
        (5, "", "ragged-row"),
    }  # fmt: skip
    target = write_rejects(Job.objects.get(), tmp_path / "rejects.csv")
    lines = list(csv.reader(target.read_text(encoding="utf-8-sig").splitlines()))
    assert lines[0] == [
        "row",
        "field",
        "code",
        "reason",
        "remedy",
        "Deal ID",
        "Deal name",
        "Stage",
        "Amount",
        "Close date",
    ]
    assert all(line[3] and line[4] for line in lines[1:])
    lines[1][7] = "Proposal"
    odd = next(line for line in lines if line[5] == "3")
    odd[8], odd[9] = "5", "2026-11-30"
    out = io.StringIO()
    csv.writer(out).writerows([lines[0], lines[1], odd])
    assert counts(bring(out.getvalue())) == (2, 0, 0, 0)
    assert Opportunity.objects.count() == 3
    assert {one.keys.get().system for one in Opportunity.objects.all()} == {"deal_id"}


def test_the_same_file_again_leaves_everything_as_it_was(bring):
    text = "Deal ID,Stage,Account,Owner,Amount\n" + "".join(f"{n},Proposal,Firm {n % 3},Ana,{n}\n" for n in range(50))
    bring(text)
    before, facts = everything(KEPT), FactInbox.objects.filter(kind__startswith="opportunity").count()
    assert counts(bring(text)) == (0, 0, 50, 0)
    assert everything(KEPT) == before
    assert FactInbox.objects.filter(kind__startswith="opportunity").count() == facts
    changed = text.replace("7,Proposal,Firm 1,Ana,7", "7,Won,Firm 1,Ana,70")
    assert counts(bring(changed)) == (0, 1, 49, 0)


def test_rows_without_any_id_are_known_by_file_and_place(bring):
    text = "Stage,Account,Amount\nProposal,Isdom,1\nProposal,Isdom,1\n"
    assert counts(bring(text)) == (2, 0, 0, 0)
    assert counts(bring(text)) == (0, 0, 2, 0)


def test_rows_without_an_id_are_known_by_what_they_say(bring):
    text = "Deal name,Stage,Account,Created,Amount\nPilot,Proposal,Isdom,2026-01-02,1\n"
    assert counts(bring(text)) == (1, 0, 0, 0)
    assert counts(bring(text.replace(",1\n", ",2\n"))) == (0, 1, 0, 0)


def test_a_trial_writes_nothing(bring, tmp_path):
    path = tmp_path / "deals.csv"
    path.write_text("Deal ID,Stage,Account\n1,Proposal,Isdom\n2,,Isdom\n3,New stage,Isdom\n")
    plan = plan_import(path, table="opportunities")
    before = everything(KEPT)
    result = try_import(path, plan, actor=SETUP)
    assert counts(result) == (2, 0, 0, 1)
    assert everything(KEPT) == before
    assert not FactInbox.objects.filter(kind__startswith="opportunity").exists()


def test_a_map_can_say_where_columns_go_and_is_checked(bring):
    bring("a,b,c\n1,Proposal,9\n", {"a": "external:erp", "b": "stage", "c": "skip"})
    assert Opportunity.objects.get().keys.get().system == "erp"
    with pytest.raises(MaropsError, match="Did you mean 'amount'"):
        bring("a,b\n1,2\n", {"a": "amuont"})


def test_rights_are_asked(cast, tmp_path):
    path = tmp_path / "deals.csv"
    path.write_text("Deal ID,Stage\n1,Proposal\n")
    plan = plan_import(path, table="opportunities")
    with pytest.raises(MaropsError, match=r"opportunities\.import"):
        start_import(path, plan, actor=cast.actor("selma"))
    start_import(path, plan, actor=cast.actor("lena"))


def test_never_beside_the_sample_company(tmp_path):
    Workspace.objects.update_or_create(defaults={"sample": True})
    path = tmp_path / "deals.csv"
    path.write_text("Deal ID,Stage\n1,Proposal\n")
    with pytest.raises(MaropsError, match="sample company"):
        start_import(path, plan_import(path, table="opportunities"), actor=SETUP)


def test_a_bulk_import_leaves_one_line_in_the_audit_per_batch(bring):
    bring("Deal ID,Stage\n" + "".join(f"{n},Proposal\n" for n in range(100)))
    assert AuditRow.objects.filter(action="import.rows").count() == 1
    assert not AuditRow.objects.filter(object_type="opportunity").exists()


# --- broken off ----------------------------------------------------------------------------------------------------

DEALS = "Deal ID,Stage,Account,Amount,Close date,Create date\n" + "".join(
    f"{n},{'Won' if n % 4 == 0 else 'Proposal'},Firm {n % 7},{n},2026-03-0{1 + n % 9},2026-01-01\n" for n in range(230)
)


def test_stopped_and_gone_on(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "BATCH", 50)
    path = tmp_path / "deals.csv"
    path.write_text(DEALS)
    job = start_import(path, plan_import(path, table="opportunities"), actor=SETUP)
    run_here(job.id, watch=lambda one: ask_to_stop(one.id) if 0 < one.done < 200 else None)
    assert 0 < Opportunity.objects.count() < 230
    done = Batch.objects.count()
    run_here(resume(job.id).id)
    result = result_of(Job.objects.get())
    assert counts(result) == (230, 0, 0, 0)
    assert Batch.objects.count() > done


@pytest.mark.parametrize(
    "point", one_soon(sorted({*crash.points("import."), *crash.points("job.")}), "import.after_batch")
)
def test_killed_at_any_point_nothing_is_lost_or_doubled(point, tmp_path):
    path = tmp_path / "deals.csv"
    path.write_text(DEALS)
    job = start_import(path, plan_import(path, table="opportunities"), actor=SETUP)
    code = (
        "import django; django.setup(); from marops.domains.capture.preparing import rows; rows.BATCH = 100;"
        f" from marops.kernel.jobs import run_here; from uuid import UUID; run_here(UUID('{job.id}'))"
    )
    environment = os.environ | {"MAROPS_CRASH": point, "DJANGO_SETTINGS_MODULE": "marops.site.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()[-800:]
    rows_before, rows.BATCH = rows.BATCH, 100
    try:
        run_here(job.id)
    finally:
        rows.BATCH = rows_before
    assert counts(result_of(Job.objects.get())) == (230, 0, 0, 0)
    assert Company.objects.count() == 7
    closed = 58
    assert stable()[1:] == (230 + 2 * closed, 230 - closed)


# --- the real file -------------------------------------------------------------------------------------------------


def test_the_real_deals(shared_data):
    path = shared_data / "crm_pipeline" / "sales_pipeline.csv"
    with path.open(encoding="utf-8") as file:
        real = list(csv.DictReader(file))
    plan = plan_import(path, table="")
    assert plan.table == "opportunities"
    assert {str(column.target) for column in plan.columns} == {
        "external:opportunity_id", "owner", "product", "company", "stage", "opened_at", "close_date", "amount",
    }  # fmt: skip
    started = time.monotonic()
    result = result_of(run_here(start_import(path, plan, actor=SETUP).id))
    assert time.monotonic() - started < 15
    assert counts(result) == (8800, 0, 0, 0)
    assert Opportunity.objects.filter(state="won").count() == sum(row["deal_stage"] == "Won" for row in real)
    won = sum(int(row["close_value"]) for row in real if row["deal_stage"] == "Won")
    assert sum(Opportunity.objects.filter(state="won").values_list("amount", flat=True)) == won
    assert Company.objects.count() == len({row["account"].lower() for row in real if row["account"]})
    assert set(Opportunity.objects.values_list("owner_name", flat=True)) == {row["sales_agent"] for row in real}
    assert not PipelineStage.objects.filter(proposed=True).exists()
    still_open = sum(row["deal_stage"] not in ("Won", "Lost") for row in real)
    assert OpportunitySnapshot.objects.count() == still_open
    before = everything(KEPT)
    again = result_of(run_here(start_import(path, plan, actor=SETUP).id))
    assert counts(again) == (0, 0, 8800, 0)
    assert everything(KEPT) == before


# --- pages and REST ------------------------------------------------------------------------------------------------

FILE = "Deal ID,Deal name,Stage,Amount\n1,Pilot,Proposal,10\n2,,,x\n"


def upload(client, text=FILE, name="deals.csv"):
    return client.post("/imports/new", {"file": SimpleUploadedFile(name, text.encode())})


def test_the_page_says_what_the_file_holds_and_lets_it_be_said(cast):
    client = cast.client("hanna")
    url = upload(client).headers["Location"]
    page = client.get(url).content.decode()
    assert '<option value="opportunities" selected>' in page
    assert "1 is new, 1 is refused." in page
    assert "Currency of amounts without one" in page
    other = client.post(url, {"table": "leads", "was": "opportunities", "preview": ""}).content.decode()
    assert '<option value="leads" selected>' in other
    assert "Country of phones without a code" in other
    given = {"table": "opportunities", "was": "opportunities", "zone": "UTC", "dates": "day_first", "currency": "usd",
             "c0": "external:deal_id", "c1": "name", "c2": "stage", "c3": "amount", "start": ""}  # fmt: skip
    started = client.post(url, given)
    run_here(Job.objects.get().id)
    deal = Opportunity.objects.get()
    assert (deal.currency, deal.keys.get().system) == ("USD", "deal_id")
    page = client.get(started.headers["Location"]).content.decode()
    assert "1 new, 0 changed, 0 as they were; 1 row was refused." in page
    assert "/opportunities?sort=-newest" in page
    listed = client.get("/imports").content.decode()
    assert "Opportunities" in listed


def test_a_page_offers_what_the_person_may_bring(cast):
    client = cast.client("lena")
    page = client.get(upload(client).headers["Location"]).content.decode()
    assert '<option value="opportunities" selected>' in page
    assert '<option value="leads"' not in page
    run = Import.objects.create(number=9, file_name="x", sha256="0", size=1, actor_kind="human", actor_id="x")
    assert client.get(f"/imports/{run.ref}").status_code == 403
    assert client.get("/api/v1/imports").json()["items"] == []
    assert cast.client("vera").get("/imports").status_code == 403


def test_rest_takes_tables_in(cast):
    client = cast.client("hanna")

    def sent(path, **more):
        return client.post(path, {"file": SimpleUploadedFile("deals.csv", FILE.encode()), **more})

    found = sent("/api/v1/imports/plan", table="guess").json()
    assert (found["plan"]["table"], found["expected"]["created"], found["expected"]["rejected"]) == (
        "opportunities",
        1,
        1,
    )
    started = sent("/api/v1/imports", table="opportunities")
    assert started.status_code == 202
    run_here(Job.objects.get().id)
    kept = client.get(f"/api/v1/imports/{started.json()['import']}").json()
    assert (kept["table"], kept["created"], kept["rejected"]) == ("opportunities", 1, 1)
    assert sent("/api/v1/imports", table="horses").status_code == 422
