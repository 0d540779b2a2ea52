import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.domains.capture import guessing, maps, shapes, tables, targets
from marops.domains.capture.public import as_map, check_shape, plan_import, read_map
from marops.domains.contacts.public import NULL_WORDS
from marops.kernel import ports
from marops.kernel.errors import MaropsError

pytestmark = pytest.mark.django_db

HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Marketing contact status,Create Date,"
    "Associated Company,Unsubscribed from all email,Company Name,Job Title\n"
    "51,Ada,Lovelace,ada@x.de,+49301234567,Bo,New,Marketing contact,2024-01-02 03:04,X,true,X GmbH,CTO\n"
)
SALESFORCE = (
    "Id,FirstName,LastName,Company,Title,Email,Phone,MobilePhone,LeadSource,Status,HasOptedOutOfEmail,DoNotCall,"
    "NumberOfEmployees,OwnerId,CreatedDate,SystemModstamp\n"
    "00Q1,Ada,Lovelace,X,CTO,ada@x.de,,,Web,Open,1,0,50,005x,2024-01-02T03:04:05.000Z,2024-01-02T03:04:05.000Z\n"
)
MARKETO = (
    "Id,First Name,Last Name,Email Address,Company Name,Marketo SFDC ID,Lead Score,Unsubscribed,Do Not Call,"
    "Email Invalid,Created At,Acquisition Program,Num Employees\n"
    "9,Ada,Lovelace,ada@x.de,X,00Q1,17,0,1,0,2024-01-02 03:04:05,Web,50\n"
)


@pytest.fixture
def plan(tmp_path):
    def one(content, mapping=None):
        path = tmp_path / "file.csv"
        path.write_text(content)
        return plan_import(path, as_map(mapping) if mapping else None)

    return one


def chosen(plan):
    return {name: str(target) for name, target in plan.targets.items()}


def test_exports_of_known_systems_are_recognised(plan):
    hubspot, salesforce, marketo = plan(HUBSPOT), plan(SALESFORCE), plan(MARKETO)
    assert [one.shape for one in (hubspot, salesforce, marketo)] == ["hubspot", "salesforce", "marketo"]
    assert chosen(hubspot) | {
        "Record ID": "external:hubspot", "Email": "email", "Unsubscribed from all email": "consent.email:opt_out",
        "Marketing contact status": "custom:marketing_contact_status:choice", "Create Date": "known_since",
        "Company Name": "company_name", "Job Title": "job_title",
    } == chosen(hubspot)  # fmt: skip
    assert chosen(salesforce) | {
        "Id": "external:salesforce", "HasOptedOutOfEmail": "consent.email:opt_out",
        "DoNotCall": "consent.phone:opt_out", "LeadSource": "source",
        "NumberOfEmployees": "employees", "SystemModstamp": "skip", "MobilePhone": "mobile",
    } == chosen(salesforce)  # fmt: skip
    assert chosen(marketo) | {
        "Id": "external:marketo", "Marketo SFDC ID": "external:salesforce", "Unsubscribed": "consent.email:opt_out",
        "Do Not Call": "consent.phone:opt_out", "Acquisition Program": "campaign", "Num Employees": "employees",
    } == chosen(marketo)  # fmt: skip


def test_every_target_of_every_shape_exists():
    assert len(list(ports.csv_shapes)) >= 3
    for shape in shapes.shapes():
        assert shape.telling <= set(shape.columns)
        for column, target in shape.columns.items():
            table = tables.importer(shape.table) if shape.table else None
            assert str(tables.parse_for(table, target) if table else targets.parse(target, column=column))


def test_every_header_we_know_leads_to_a_field():
    for target in set(guessing._headers().values()):
        assert targets.parse(target)


@pytest.mark.parametrize(
    ("header", "values", "target"),
    [
        ("E-Mail", ["ada@x.de", "bob@y.de"], "email"),
        ("Kontakt", ["ada@x.de", "bob@y.de"], "email"),
        ("Vorname", ["Ada", "Bob"], "given_name"),
        ("Nom de famille", ["Ada", "Bob"], "family_name"),
        ("Código Postal", ["28001", "28002"], "postcode"),
        ("Telefonnummer", ["030 123456", "030 123457"], "phone"),
        ("Ruf", ["+49 30 123456", "+49 30 123457"], "phone"),
        ("Seite", ["https://x.de", "https://y.de"], "website"),
        ("Herkunftsland", ["Germany", "France"], "country"),
        ("CustomerUUID", ["a-1", "b-2"], "external:customer_uuid"),
        ("Newsletter", ["yes", "no"], "consent.email:opt_in"),
        ("Do not mail", ["yes", "no"], "consent.email:opt_out"),
        ("Title", ["Mr", "Mrs"], "custom:title:text"),
        ("Title", ["CTO", "CEO"], "job_title"),
        ("Last activity", ["2024-01-02", "2024-01-03"], "last_activity_at"),
        ("TotalVisits", ["3", "5"], "visits"),
        ("Deal size", ["3", "5.5"], "custom:deal_size:number"),
        ("VIP", ["yes", "no"], "custom:vip:boolean"),
        ("Renewal", ["2024-01-02", "2025-01-02"], "custom:renewal:date"),
        ("Remark", ["likes tea", "knows Bo"], "custom:remark:text"),
        ("Grösse", ["S", "M", "L"] * 20, "custom:grosse:choice"),
        ("Zip code extra", ["01234", "01235"], "custom:zip_code_extra:text"),
        ("Nothing", ["", ""], "skip"),
    ],
)
def test_columns_are_guessed_from_name_and_values(header, values, target):
    column = guessing.Column(header, values, frozenset(NULL_WORDS))
    (found,) = guessing.guess([column], None)
    assert str(found.target) == target


def test_a_field_is_given_to_one_column_only(plan):
    found = chosen(plan("Email,Work email,E-Mail,Id\nada@x.de,ada@y.de,ada@z.de,1\n"))
    assert list(found.values()).count("email") == 1
    assert len(set(found.values())) == 4


def test_a_map_overrides_the_guess(plan):
    found = plan(
        "Key,Mail,Who,Note,Land\n1,ada@x.de,Ada,hi,DE\n",
        {"Key": "external:crm", "Note": "skip", "Who": "custom:nickname", "land": "company.country"},
    )
    assert chosen(found) == {
        "Key": "external:crm", "Mail": "email", "Who": "custom:nickname:text", "Note": "skip",
        "Land": "company.country",
    }  # fmt: skip


def test_a_map_may_be_nothing_but_columns_and_may_leave_out_the_rest(plan):
    assert chosen(plan("a,b\n1,2\n", {"a": "full_name"}))["a"] == "full_name"
    found = plan("a,b\n1,2\n", {"columns": {"a": "full_name"}, "others": "skip"})
    assert chosen(found) == {"a": "full_name", "b": "skip"}


@pytest.mark.parametrize(
    ("mapping", "code", "says"),
    [
        ({"columns": {"Emial": "email"}}, "import-unknown-column", "'Email'"),
        ({"columns": {"Email": "emial"}}, "import-unknown-target", "email"),
        ({"columns": {"Email": "consent.fax"}}, "import-unknown-target", "no field 'consent.fax'"),
        ({"columns": {"Email": "custom:x:colour"}}, "import-unknown-target", "no field"),
        ({"columns": {"Email": "phone", "Name": "phone"}}, "import-target-twice", "both go to phone"),
        ({"colums": {"Email": "email"}, "zone": "UTC"}, "import-unknown-column", "colums"),
        ({"columns": {}, "zone": "Europe/Berlim"}, "import-map-unreadable", "Europe/Berlin"),
        ({"columns": {}, "country": "Germany"}, "import-map-unreadable", "two letters"),
        ({"columns": {}, "dates": "backwards"}, "import-map-unreadable", "day_first"),
        ({"columns": {}, "null_words": "x"}, "import-map-unreadable", "list"),
        ({"columns": [1]}, "import-map-unreadable", "column: target"),
        ([1, 2], "import-map-unreadable", "column: target"),
    ],
)
def test_a_map_that_cannot_be_used_is_refused_with_the_nearest_name(plan, mapping, code, says):
    with pytest.raises(MaropsError) as refusal:
        plan("Email,Name\nada@x.de,Ada\n", mapping)
    assert refusal.value.code == code
    assert says in refusal.value.detail + "".join(one.remedy for one in refusal.value.errors)


def test_maps_on_disk(tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text("columns:\n  Mail: email\n  Old: skip\ncountry: NO\nnull_words: [leer]\n")
    found = read_map(path)
    assert (found.columns, found.country, found.null_words) == ({"Mail": "email", "Old": "skip"}, "NO", ["leer"])
    path.write_text("columns: [\n")
    with pytest.raises(MaropsError, match="line 2"):
        read_map(path)
    with pytest.raises(MaropsError, match="No such file"):
        read_map(tmp_path / "none.yaml")


@given(st.text(max_size=80))
def test_any_name_makes_a_target_that_can_be_read_again(name):
    slug = targets.slug(name)
    assert targets.parse(f"custom:{slug}:text") == targets.Target("custom", slug, "text")
    assert targets.parse(f"external:{slug}") == targets.Target("external", slug)


def test_a_plan_survives_being_kept(plan):
    found = plan(HUBSPOT)
    from marops.domains.capture.plan import restored

    again = restored(found.stored(), found.file_name)
    assert again.fingerprint == found.fingerprint
    assert again.targets == found.targets


def test_a_plan_that_is_kept_holds_no_values(plan):
    assert "ada@x.de" not in str(plan(HUBSPOT).stored())
    assert "ada@x.de" in str(plan(HUBSPOT).as_json())


def test_which_words_mean_no_answer_is_told(plan):
    assert any("“Select” means not answered" in note for note in plan("Email,City\nada@x.de,Select\n").notes)
    assert not plan("Email,City\nada@x.de,Select\n", {"null_words": []}).null_words


def test_dates_say_themselves_which_part_is_the_day(plan):
    assert plan("Email,Created\nada@x.de,13/02/2024\n").day_first
    assert not plan("Email,Created\nada@x.de,02/13/2024\n").day_first
    assert not plan("Email,Created\nada@x.de,02/03/2024\n", {"dates": "month_first"}).day_first


def test_consent_columns_say_what_a_yes_means():
    assert maps.consent_meaning("Has opted out of email") == "opt_out"
    assert maps.consent_meaning("No newsletter please") == "opt_out"
    assert maps.consent_meaning("Newsletter") == "opt_in"


DEALS = "Contact email,Opportunity name,Deal stage,Close date,Close value\na@x.de,Big,Won,2026-01-02,100\n"


@pytest.mark.parametrize(
    ("content", "table", "said"),
    [
        (DEALS, "leads", "file.csv was given as leads. Its columns look like opportunities. The columns are Contact"),
        ("Colour,Size\nred,7\n", "leads", "Leads need an id, an e-mail address, a phone number or a name, which no"),
        (
            "Email,First name\nada@x.de,Ada\n",
            "dispositions",
            "Dispositions need Disposition, which no column gives. Its columns look like leads",
        ),
    ],
)
def test_a_file_of_another_shape_is_refused_with_what_was_expected_and_what_it_looks_like(
    tmp_path, content, table, said
):
    path = tmp_path / "file.csv"
    path.write_text(content)
    with pytest.raises(MaropsError) as refused:
        check_shape(plan_import(path, table=table), mapped=False)
    assert (refused.value.code, refused.value.detail[: len(said)]) == ("import-wrong-shape", said)


def test_whoever_maps_the_columns_of_a_file_knows_what_it_holds(plan):
    check_shape(plan(DEALS, {"columns": {"Contact email": "email"}}), mapped=True)
    check_shape(plan("Name,City\nAda,Bonn\n"), mapped=False)
