import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.domains.contacts.rules import companies, countries, emails, languages, names, phones, sources, text, titles

NBSP, ZERO_WIDTH = "\u00a0", "\u200b"


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("John@EXAMPLE.com ", "john@example.com"),
        (f"{NBSP}a.b@x.de{ZERO_WIDTH}", "a.b@x.de"),
        ("Jörg <joerg@münchen.de>", "joerg@xn--mnchen-3ya.de"),
        ("mailto:Bob.O'Neil+tag@GMAIL.com", "bob.o'neil+tag@gmail.com"),
        ("first.last@gmail.com", "first.last@gmail.com"),
        ("foo @ bar.com", "foo@bar.com"),
        ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
        ("a@b.c0m", None),
        ("a..b@x.de", None),
        ("x@y", None),
        ("a@-x.de", None),
        ("no address", None),
        ("a" * 65 + "@x.de", None),
        ("a@" + "b" * 64 + ".de", None),
        ("a@b@c.de", None),
    ],
)
def test_M6_addresses_are_compared_in_one_spelling(raw, kept):
    assert emails.normalise(raw) == kept


def test_dots_and_tags_of_a_local_part_stay():
    assert emails.normalise("j.o.h.n+news@gmail.com") == "j.o.h.n+news@gmail.com"


@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        ("gmail.com", "free"), ("yahoo.co.uk", "free"), ("hotmail.fr", "free"), ("acme.com", "work"),
        ("mailinator.com", "disposable"), ("gmx.net", "free"),
    ],
)  # fmt: skip
def test_kinds_of_address(domain, kind):
    assert emails.kind(domain) == kind


def test_mailboxes_of_many():
    assert emails.is_role("info@x.de")
    assert emails.is_role("sales+de@x.de")
    assert not emails.is_role("ada@x.de")


@pytest.mark.parametrize(
    ("raw", "country", "kept"),
    [
        ("+49 (0)30 1234567", None, "+49301234567"),
        ("030/1234567", "DE", "+49301234567"),
        ("0049 30 1234567", "US", "+49301234567"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("9876543210", "IN", "+919876543210"),
        ("491701234567", None, "+491701234567"),
        ("+1 415 555 2671 ext 12", None, "+14155552671"),
        ("'+14155552671", None, "+14155552671"),
        ("030 1234567", None, None),
        ("12", "DE", None),
        ("call me", "DE", None),
        ("+999 12345678", None, None),
    ],
)
def test_phones_become_e164(raw, country, kept):
    assert phones.normalise(raw, country) == kept


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("JEAN-LUC DE LA TOUR", "Jean-Luc de la Tour"),
        ("o'brien", "O'Brien"),
        ("MCDONALD", "McDonald"),
        ("ludwig van beethoven", "Ludwig van Beethoven"),
        ("MARIE D'ARC", "Marie D'Arc"),
        ("JOHN SMITH III", "John Smith III"),
        ("ÖZGÜR YILMAZ", "Özgür Yilmaz"),
        ("van der Berg", "van der Berg"),
        ("MacLeod", "MacLeod"),
        ("LI", "LI"),
        ("AJ", "AJ"),
        ("李小龙", "李小龙"),
        ('"Bob"', "Bob"),
        ("123", None),
        ("...", None),
    ],
)
def test_names_are_changed_as_little_as_can_be(raw, kept):
    assert names.normalise(raw) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller GmbH & Co. KG", "MULLER"),
        ("The Acme Corp., Inc.", "Acme"),
        ("Dupont S.A.R.L.", "SARL Dupont"),
        ("Siemens A.G.", "siemens ag"),
        ("Maersk A/S", "Maersk"),
        ("L'Oréal S.A.", "LOREAL"),
        ("Johnson & Johnson", "Johnson and Johnson"),
        ("ООО Ромашка", "Ромашка"),
    ],
)
def test_companies_with_one_key(one, other):
    assert companies.key(one) == companies.key(other)


def test_different_companies_have_different_keys():
    found = ["Air France", "Air Berlin", "Delta", "Delta Dental", "A. Schmidt AG", "B. Schmidt AG", "Co", "AG"]
    assert len({companies.key(name) for name in found}) == len(found)


@pytest.mark.parametrize("name", ["self-employed", "N/A", "Student", "Privat", "-"])
def test_words_that_name_no_company(name):
    assert companies.normalise(name) is None


@pytest.mark.parametrize(
    ("raw", "domain"),
    [
        ("http://www.Foo.de/bar?x=1", "foo.de"), ("foo.de", "foo.de"), ("https://münchen.de", "xn--mnchen-3ya.de"),
        ("not a url", None), ("localhost", None), ("ftp://files.foo.com:21/", "files.foo.com"),
    ],
)  # fmt: skip
def test_domains_of_web_addresses(raw, domain):
    assert companies.domain(raw) == domain


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("Germany", "DE"), ("de", "DE"), ("DEU", "DE"), ("Allemagne", "DE"), ("U.S.A.", "US"), ("UAE", "AE"),
        ("Untied States", "US"), ("Phillipines", "PH"), ("Côte d'Ivoire", "CI"), ("Korea, Republic of", "KR"),
        ("The Netherlands", "NL"), ("日本", "JP"), ("Россия", "RU"), ("Hong Kong", "HK"), ("England", "GB"),
        ("Viet Nam", "VN"), ("Tanzania", "TZ"), ("Asia/Pacific Region", None), ("Atlantis", None), ("", None),
    ],
)  # fmt: skip
def test_countries_by_code_name_language_and_mistake(raw, code):
    assert countries.normalise(raw) == code


@pytest.mark.parametrize(
    ("title", "seniority", "function"),
    [
        ("VP of Marketing", "vp", "marketing"),
        ("Senior Vice President, Sales", "vp", "sales"),
        ("Chief Marketing Officer", "c_level", "marketing"),
        ("CEO & Founder", "owner", "management"),
        ("Head of IT", "head", "it"),
        ("Leiter Einkauf", "head", "purchasing"),
        ("Geschäftsführer", "c_level", "management"),
        ("Directeur commercial", "director", "sales"),
        ("Senior Software Engineer", "senior", "engineering"),
        ("Marketing Intern", "intern", "marketing"),
        ("Assistant to the CEO", "junior", "management"),
        ("Executive Assistant", "junior", "administration"),
        ("Assistant Manager", "manager", None),
        ("Account Executive", "specialist", "sales"),
        ("HR Business Partner", "specialist", "human_resources"),
        ("Product Marketing Manager", "manager", "product"),
        ("R&D Manager", "manager", "engineering"),
        ("Data Analyst", "specialist", "data"),
        ("Student", "student", None),
        ("Astronaut", None, None),
    ],
)
def test_titles_say_how_senior_and_where(title, seniority, function):
    assert titles.read(title) == (seniority, function)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("Google", "google"), ("google", "google"), ("GOOGLE.COM", "google"), ("Direct Traffic", "direct"),
        ("Reference", "referral"), ("Welingak Website", "welingak_website"), ("Press_Release", "press_release"),
    ],
)  # fmt: skip
def test_sources_have_one_spelling(raw, code):
    assert sources.normalise(raw) == code


def test_languages_and_zones():
    assert [languages.normalise(one) for one in ("German", "en_gb", "Deutsch", "xx", "zh-hant-tw")] == [
        "de", "en-GB", "de", None, "zh-Hant-TW",
    ]  # fmt: skip
    assert languages.zone("europe/berlin") == "Europe/Berlin"
    assert languages.zone("Mars/Olympus") is None


WORDS = st.text(max_size=60)


@given(WORDS)
@settings(max_examples=400)
def test_what_is_normal_stays_as_it_is(raw):
    assert text.clean(text.clean(raw)) == text.clean(raw)
    assert text.fold(text.fold(raw)) == text.fold(raw)
    assert companies.key(companies.key(raw)) == companies.key(raw)
    for normalise in (emails.normalise, names.normalise, countries.normalise, sources.normalise, companies.normalise,
                      companies.domain, companies.website, languages.normalise):  # fmt: skip
        once = normalise(raw)
        assert once is None or normalise(once) == once


@given(st.from_regex(r"[+(0-9][0-9 ()./-]{4,18}", fullmatch=True), st.sampled_from(["DE", "US", "IN", "GB", None]))
@settings(max_examples=300)
def test_a_number_in_e164_stays_as_it_is(raw, country):
    once = phones.normalise(raw, country)
    assert once is None or phones.normalise(once, None) == once
    assert once is None or phones.normalise(once, "FR") == once


@given(st.from_regex(r"[a-zA-Z0-9._+-]{1,20}@[a-zA-Z0-9.-]{1,20}\.[a-zA-Z]{2,6}", fullmatch=True))
@settings(max_examples=300)
def test_what_is_taken_for_an_address_is_one(raw):
    from email_validator import validate_email

    if found := emails.normalise(raw):
        validate_email(found, check_deliverability=False, test_environment=True)
