import csv
from datetime import timedelta

import pytest

from marops.domains.capture import jobs
from marops.domains.capture.models import Finding, Import
from marops.domains.capture.preparing import rows
from marops.domains.capture.public import plan_import, write_rejects
from marops.domains.capture.tests.importground import codes, counts, everything
from marops.domains.contacts.public import Company, Contact, CustomField, find_contact, origins_of
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.models import AuditRow, FactInbox, File, Job, Touched

pytestmark = pytest.mark.django_db(transaction=True)


# --- what becomes of a row -----------------------------------------------------------------------------------------


def test_a_person_with_everything(bring):
    bring(
        "First name,Last name,Email,Phone,Company,Job title,Country,City,Lead source,Employees,Visits,Created,Tier\n"
        ' ada ,LOVELACE,"Ada <ADA@Analytical-Engines.CO.UK>",020 7946 0958,Analytical Engines Ltd.,'
        "Chief Technology Officer,"
        "England,London,google,51-200,7,2024-03-01 10:00,Gold\n",
        zone="Europe/London",
    )
    (ada,) = Contact.objects.all()
    assert (ada.given_name, ada.family_name, ada.full_name) == ("Ada", "Lovelace", "Ada Lovelace")
    assert (ada.email, ada.email_domain, ada.email_kind, ada.email_role) == (
        "ada@analytical-engines.co.uk", "analytical-engines.co.uk", "work", False,
    )  # fmt: skip
    assert (ada.phone, ada.country, ada.source, ada.employees, ada.visits) == ("+442079460958", "GB", "google", 51, 7)
    assert (ada.job_title, ada.seniority, ada.job_function) == ("Chief Technology Officer", "c_level", "it")
    assert (ada.company.name, ada.company.name_key, ada.company.domain) == (
        "Analytical Engines Ltd.", "analytical engines", "analytical-engines.co.uk",
    )  # fmt: skip
    assert ada.known_since.isoformat() == "2024-03-01T10:00:00+00:00"
    assert ada.custom == {"tier": "Gold"}
    assert ada.search_text == "ada lovelace ada@analytical-engines.co.uk analytical engines ltd."
    assert ada.originals | {"country": "England", "phone": "020 7946 0958", "family_name": "LOVELACE"} == ada.originals
    assert {(o.import_number, o.row) for o in origins_of(ada).values()} == {(Import.objects.get().number, 2)}
    assert set(ada.identities.values_list("kind", "value")) == {
        ("email", "ada@analytical-engines.co.uk"), ("phone", "+442079460958"),
    }  # fmt: skip


def test_times_without_a_zone_are_those_of_the_zone_chosen(bring):
    bring(
        "Email,Created\na@x.de,2024-07-01 10:00\nb@x.de,2024-07-01T10:00:00Z\nc@x.de,01.07.2024\n", zone="Asia/Kolkata"
    )
    found = {one.email[0]: one.known_since.isoformat() for one in Contact.objects.all()}
    assert found == {
        "a": "2024-07-01T04:30:00+00:00", "b": "2024-07-01T10:00:00+00:00", "c": "2024-06-30T18:30:00+00:00",
    }  # fmt: skip


def test_values_that_cannot_be_kept_do_not_cost_the_row(bring):
    result = bring(
        "Key,Email,Phone,Country,Visits,Created,VIP\n"
        "1,not an address,12,Atlantis,many,soon,maybe\n2,b@x.de,+493012345678,DE,3,2024-01-02,yes\n",
        {"Key": "external:crm", "Email": "email", "Phone": "phone", "VIP": "custom:vip:boolean", "Country": "country",
         "Visits": "visits", "Created": "known_since"},
    )  # fmt: skip
    assert counts(result) == (2, 0, 0, 0)
    assert {code for _, code, _ in codes("warn")} == {
        "email-invalid", "phone-invalid", "country-unknown", "not-number", "not-date", "not-boolean",
    }  # fmt: skip
    first = find_contact("1", actor=SETUP)
    assert (first.email, first.phone, first.country, first.visits, first.custom) == (None, None, None, None, {})
    assert first.originals == {
        "email": "not an address", "phone": "12", "country": "Atlantis", "visits": "many", "known_since": "soon",
        "custom.vip": "maybe",
    }  # fmt: skip
    assert all(one["message"] and one["remedy"] for one in result.warnings)


def test_a_row_that_nothing_identifies_is_rejected_with_its_cells(bring, tmp_path):
    result = bring("Name,Email,City\nAda,ada@x.de,Bonn\nBob,,=HYPERLINK(1)\nbroken,row\nEve,-,-5\n")
    assert counts(result) == (1, 0, 0, 3)
    target = write_rejects(Job.objects.get(), tmp_path / "rejects.csv")
    lines = list(csv.reader(target.read_text(encoding="utf-8-sig").splitlines()))
    assert lines[0] == ["row", "field", "code", "reason", "remedy", "Name", "Email", "City"]
    assert [(line[0], line[2]) for line in lines[1:]] == [
        ("3", "no-identity"),
        ("4", "ragged-row"),
        ("5", "no-identity"),
    ]
    assert lines[1][5:] == ["Bob", "", "'=HYPERLINK(1)"]
    assert lines[3][5:] == ["Eve", "'-", "-5"]
    assert all(line[3] and line[4] for line in lines[1:])
    kept = File.objects.get(id=Import.objects.get().rejects_id)
    assert kept.expires_at <= now() + timedelta(days=30)


def rejects(tmp_path):
    target = write_rejects(Job.objects.order_by("-id").first(), tmp_path / "rejects.csv")
    return list(csv.reader(target.read_text(encoding="utf-8-sig").splitlines(keepends=True)))


def test_rows_that_could_not_be_read_are_given_back_as_far_as_they_were(bring, tmp_path):
    bring(
        'Name,Email,City\nAda,ada@x.de,Bonn\n"open,o@x.de,Ulm\nshort,s@x.de\nlong,l@x.de,Ulm,=1+1\n'
        f"nul\x00led,n@x.de,Ulm\nhuge,h@x.de,{'x' * 200_000}\n{'y' * 5_000_000},e@x.de,Ulm\n"
    )
    assert {line[0]: (line[2], line[5:]) for line in rejects(tmp_path)[1:]} == {
        "3": ("broken-quotes", ['"open,o@x.de,Ulm']),
        "4": ("ragged-row", ["short", "s@x.de"]),
        "5": ("ragged-row", ["long", "l@x.de", "Ulm", "'=1+1"]),
        "6": ("nul-byte", ["nulled", "n@x.de", "Ulm"]),
        "7": ("cell-too-large", ["huge", "h@x.de", "x" * 999 + "…"]),
        "8": ("cell-too-large", ["y" * 999 + "…"]),
    }


def test_refused_rows_are_imported_again_once_they_are_repaired(bring, tmp_path):
    text = (
        "First name,Email,Phone,City\nBob,bob at x.de,,=Ulm\nEve,eve[at]x.de,,-Bonn\nAda,ada at x.de,+1,Köln\nshort\n"
    )
    fields = {"Email": "email", "Phone": "phone"}
    assert counts(bring(text, fields)) == (0, 0, 0, 4)
    lines = rejects(tmp_path)
    path = tmp_path / "rejects.csv"

    plan = plan_import(path)
    assert [str(column.target) for column in plan.columns[:5]] == ["skip"] * 5
    assert {one.name: str(one.target) for one in plan.columns[5:9]} == {
        "First name": "given_name", "Email": "email", "Phone": "phone", "City": "city",
    }  # fmt: skip
    assert counts(bring(path.read_bytes())) == (0, 0, 0, 4)
    again = rejects(tmp_path)
    assert [line[5:] for line in again] == [line[5:] for line in lines]

    assert counts(bring(path.read_text(encoding="utf-8-sig").replace(" at ", "@"))) == (2, 0, 0, 2)
    assert set(Contact.objects.values_list("given_name", "email", "city")) == {
        ("Bob", "bob@x.de", "=Ulm"), ("Ada", "ada@x.de", "Köln"),
    }  # fmt: skip
    assert not CustomField.objects.exists()


@pytest.mark.parametrize(
    ("cell", "harmless"),
    [
        ("=1+1", "'=1+1"), ("+491234", "+491234"), ("+49 30", "'+49 30"), ("-5", "-5"), ("-5.5", "-5.5"),
        ("-cmd", "'-cmd"),
        ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"), ("plain", "plain"), ("", ""),
    ],
)  # fmt: skip
def test_no_cell_that_we_write_is_a_formula(cell, harmless):
    assert jobs.harmless(cell) == harmless


def test_a_file_without_any_key_makes_every_row_a_person_of_its_own(bring):
    text = "Name,City\nAda,Bonn\nAda,Bonn\nBob,\n"
    assert counts(bring(text)) == (3, 0, 0, 0)
    assert counts(bring(text)) == (0, 0, 3, 0)
    assert counts(bring(text + "Eve,Ulm\n")) == (4, 0, 0, 0)  # another file: nothing ties its rows to the first


def test_null_words_are_nothing_unless_they_are_names(bring):
    bring("Email,First name,City,Company\na@x.de,Na,n/a,Select\nb@x.de,None,-,unknown\n")
    first, second = Contact.objects.order_by("email")
    assert (first.given_name, first.city, first.company_name) == ("Na", None, None)
    assert (second.given_name, second.city, second.company_name) == (None, None, None)


# --- who is who ----------------------------------------------------------------------------------------------------


def test_the_same_file_twice_changes_nothing(bring):
    text = "Key,Email,Name,Company,Opt in\n" + "".join(f"K{n},p{n}@x{n % 7}.de,P {n},C{n % 5},yes\n" for n in range(50))
    mapping = {"Key": "external:crm", "Opt in": "consent.email"}
    assert counts(bring(text, mapping)) == (50, 0, 0, 0)
    before, facts, due, audited = (
        everything(),
        FactInbox.objects.count(),
        Touched.objects.count(),
        AuditRow.objects.count(),
    )
    assert counts(bring(text, mapping)) == (0, 0, 50, 0)
    assert everything() == before
    assert FactInbox.objects.count() == facts + 2  # that an import began, and that it ended
    assert Touched.objects.count() == due
    later = AuditRow.objects.order_by("-at").values_list("action", flat=True)[: AuditRow.objects.count() - audited]
    assert set(later) == {"import.begin", "import.end"}


def test_the_same_people_in_another_file_change_nothing_either(bring):
    bring("Email,Name,Phone\na@x.de,ADA LOVELACE,+49 30 1234567\n")
    before = everything()
    assert counts(bring("Phone,E-mail,Full name\n+49301234567,A@X.de,Ada Lovelace\n")) == (0, 0, 1, 0)
    assert everything() == before


def test_what_differs_is_changed_and_only_that(bring):
    bring("Email,Name,City,Job title,Tier\na@x.de,Ada,Bonn,CEO,A\nb@x.de,Bob,Ulm,Buyer,B\n")
    bob = Contact.objects.get(email="b@x.de")
    Touched.objects.all().delete()
    result = bring("Email,Name,City,Job title,Tier,Fax\na@x.de,Ada,Köln,,A,\nb@x.de,Bob,Ulm,Buyer,B,\n", others="")
    assert counts(result) == (0, 1, 1, 0)
    ada = Contact.objects.get(email="a@x.de")
    assert (ada.city, ada.job_title, ada.seniority) == ("Köln", "CEO", "c_level")
    first, second = Import.objects.order_by("number").values_list("number", flat=True)
    assert [origins_of(ada)[name].import_number for name in ("city", "job_title")] == [second, first]
    assert Contact.objects.get(email="b@x.de").updated_at == bob.updated_at
    assert [one.contact_id for one in Touched.objects.all()] == [ada.id]
    (fact,) = FactInbox.objects.filter(kind="lead.updated")
    assert (fact.contact_id, fact.properties) == (ada.id, {"import": second, "fields": ["city"]})


def test_what_follows_from_a_field_changes_with_it(bring):
    bring("Key,Email,Job title,First name,Last name\n1,ada@gmail.com,CEO,Ada,King\n", {"Key": "external:crm"})
    bring("Key,Email,Job title,Last name\n1,info@acme.de,Astronaut,Lovelace\n", {"Key": "external:crm"})
    (ada,) = Contact.objects.all()
    assert (ada.email_kind, ada.email_domain, ada.email_role) == ("work", "acme.de", True)
    assert (ada.seniority, ada.job_function) == (None, None)
    assert ada.full_name == "Ada Lovelace"
    assert ada.search_text == "ada lovelace info@acme.de"


def test_an_empty_cell_never_erases(bring):
    bring("Email,Name,City\na@x.de,Ada,Bonn\n")
    assert counts(bring("Email,Name,City\na@x.de,,n/a\n")) == (0, 0, 1, 0)
    assert Contact.objects.get().city == "Bonn"


def test_a_change_by_hand_is_looked_at_again_and_not_taken_for_the_file(bring):
    text = "Email,Name,City\na@x.de,Ada,Bonn\n"
    bring(text)
    Contact.objects.update(city="Ulm", updated_at=now())
    assert counts(bring(text)) == (0, 1, 0, 0)
    assert Contact.objects.get().city == "Bonn"


def test_an_id_elsewhere_goes_before_the_address(bring):
    bring("Key,Email\n1,a@x.de\n", {"Key": "external:crm"})
    assert counts(bring("Key,Email\n1,new@x.de\n", {"Key": "external:crm"})) == (0, 1, 0, 0)
    assert find_contact("a@x.de", actor=SETUP) == find_contact("new@x.de", actor=SETUP)


def test_id_and_address_of_two_people_are_reported_and_not_merged(bring):
    bring("Key,Email\n1,a@x.de\n2,b@x.de\n", {"Key": "external:crm"})
    before = everything()
    result = bring("Key,Email,City\n1,b@x.de,Bonn\n", {"Key": "external:crm"})
    assert counts(result) == (0, 0, 0, 1)
    assert everything() == {**before, "custom_field": everything()["custom_field"]}
    finding = Finding.objects.get(code="identity-conflict")
    assert finding.detail == ", ".join(one.ref for one in Contact.objects.order_by("number"))


def test_M4_two_people_with_one_shared_mailbox_stay_two(bring):
    text = "Name,Email\nAda Lovelace,info@x.de\nBob Baker,info@x.de\n,info@x.de\nLOVELACE ADA,INFO@x.de\n"
    assert counts(bring(text)) == (3, 0, 1, 0)
    assert counts(bring("Name,Email,City\nBob Baker,info@x.de,Bonn\n")) == (0, 1, 0, 0)
    assert sorted((one.full_name or "", one.city) for one in Contact.objects.all())[1] == ("Bob Baker", "Bonn")
    with pytest.raises(MaropsError) as refusal:
        find_contact("info@x.de", actor=SETUP)
    assert refusal.value.code == "ambiguous"
    assert len(refusal.value.extra["candidates"]) == 3


def test_a_phone_alone_joins_nobody(bring):
    text = "Name,Phone\nAda,+493012345678\nBob,+493012345678\n,+493012345678\n,+493012345678\nada,0049 30 12345678\n"
    assert counts(bring(text)) == (4, 0, 1, 0)
    assert counts(bring(text)) == (0, 0, 5, 0)


def test_M8_the_same_person_twice_in_a_file_is_one_row_the_last_wins_and_both_are_told(bring):
    text = "Email,Name,City,Phone\na@x.de,Ada,Bonn,+493012345678\nb@x.de,Bob,,\nA@X.DE ,Ada L,Ulm,\n"
    result = bring(text)
    assert counts(result) == (2, 0, 1, 0)
    ada = Contact.objects.get(email="a@x.de")
    assert (ada.full_name, ada.city, ada.phone) == ("Ada L", "Ulm", "+493012345678")
    assert result.duplicates == [{"row": 2, "replaced_by_row": 4}]
    assert counts(bring(text)) == (0, 0, 3, 0)


def test_M8_also_far_apart_and_by_id(bring, monkeypatch):
    monkeypatch.setattr(rows, "BATCH", 10)
    lines = [f"{n},p{n}@x.de,C{n}" for n in range(95)] + ["3,p3@x.de,last", "4,,last", ",p5@x.de,last"]
    assert counts(bring("Key,Email,City\n" + "\n".join(lines) + "\n", {"Key": "external:crm"})) == (95, 0, 3, 0)
    assert [Contact.objects.get(email=f"p{n}@x.de").city for n in (3, 4, 5)] == ["last"] * 3


def test_rows_of_one_file_that_contradict_each_other_are_rejected(bring):
    result = bring("Key,Email\n1,a@x.de\n2,b@x.de\n1,b@x.de\n", {"Key": "external:crm"})
    assert counts(result) == (2, 0, 0, 1)
    assert codes() == {(4, "rows-disagree", "")}


def test_two_ids_of_one_address_are_one_person_found_by_both(bring):
    assert counts(bring("Key,Email\n1,a@x.de\n2,a@x.de\n", {"Key": "external:crm"})) == (1, 0, 1, 0)
    assert find_contact("1", actor=SETUP) == find_contact("2", actor=SETUP)


def test_people_are_found_by_whatever_they_are_known_by(bring):
    bring("Prospect ID,Email,Phone,Name\nP-9,a@x.de,+493012345678,Ada\n")
    (ada,) = Contact.objects.all()
    for ref in (ada.ref, ada.ref.lower(), str(ada.id), "P-9", "A@x.de ", "+49 30 12345678"):
        assert find_contact(ref, actor=SETUP) == ada
    for ref in ("L-99999", "nobody@x.de", "+4930000000", "P-8", ""):
        with pytest.raises(MaropsError) as refusal:
            find_contact(ref, actor=SETUP)
        assert refusal.value.code == "not-found"


# --- companies -----------------------------------------------------------------------------------------------------


def test_companies_are_made_once_and_linked_by_name_and_domain(bring):
    bring(
        "Email,Company,Website\na@acme.com,Acme GmbH,\nb@acme.com,ACME,\nc@gmail.com,Acme Ltd,\n"
        "d@globex.com,Globex,globex.com\n"
        "e@x.de,self-employed,\nf@initech.com,Initech,https://www.initech.com/about\n"
    )
    assert sorted(Company.objects.values_list("name", "domain")) == [
        ("Acme GmbH", "acme.com"), ("Globex", "globex.com"), ("Initech", "initech.com"),
    ]  # fmt: skip
    assert Company.objects.get(domain="acme.com").people.count() == 3
    bring("Email,Company\ng@globex.com,\nh@hotmail.com,Initech AG\n")
    assert Contact.objects.get(email="g@globex.com").company.name == "Globex"
    assert Contact.objects.get(email="h@hotmail.com").company.name == "Initech"
    assert Company.objects.count() == 3


def test_a_company_s_gaps_are_filled_and_its_values_kept(bring):
    columns = "Email,Company,Company size,Company country"
    mapping = {"Company size": "company.employees", "Company country": "company.country"}
    bring(f"{columns}\na@x.de,Acme,,DE\n", mapping)
    bring(f"{columns}\nb@x.de,Acme,50,FR\n", mapping)
    acme = Company.objects.get()
    assert (acme.employees, acme.country) == (50, "DE")


def test_custom_fields_are_made_with_their_type_and_choices(bring):
    bring("Email,Tier,Score\n" + "".join(f"p{n}@x.de,{'Gold' if n % 3 else 'Silver'},{n}\n" for n in range(40)))
    fields = {one.slug: (one.label, one.type, one.choices) for one in CustomField.objects.all()}
    assert fields == {"tier": ("Tier", "choice", ["Gold", "Silver"]), "score": ("Score", "number", [])}
    bring("Email,Tier,Score\nq@x.de,Bronze,7.5\n")
    assert CustomField.objects.get(slug="tier").choices == ["Gold", "Silver", "Bronze"]
    assert Contact.objects.get(email="q@x.de").custom == {"tier": "Bronze", "score": 7.5}


def test_the_report_holds_no_values(bring):
    bring(
        "Email,Name,Phone,Country\nsecret@x.de,Secret Name,12,Atlantis\nsecret@x.de,Secret Name,,\nx,Other Secret,,\n"
    )
    run = Import.objects.get()
    told = str(run.report) + str(run.plan) + str(list(Finding.objects.values())) + str(list(Job.objects.values()))
    assert run.report["findings"]
    for value in ("secret@", "Secret", "Atlantis"):
        assert value not in told
