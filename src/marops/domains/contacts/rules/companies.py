"""Companies: the key by which two spellings are one, and the domain of a web address."""

import re
from functools import cache

from marops.domains.contacts.rules.text import clean, fold

_NOBODY = frozenset({
    "self employed", "selfemployed", "freelance", "freelancer", "free lancer", "unemployed", "student", "retired",
    "private", "private person", "privat", "privatperson", "individual", "home", "personal", "test", "none",
    "no company", "not applicable", "n a", "na", "company", "my company", "independent", "consultant", "own business",
    "particulier", "autonomo", "freiberufler", "selbstandig", "housewife", "xxx", "x", "asdf",
})  # fmt: skip
_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@\s]*@)?([^/:?#\s]+)", re.IGNORECASE)
_LABELS = re.compile(r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$")


@cache
def _legal_forms() -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
    from cleanco.termdata import terms_by_country, terms_by_type

    spellings = {form for group in (terms_by_type, terms_by_country) for forms in group.values() for form in forms}
    at_end = {tuple(_tokens(form)) for form in spellings}
    at_end |= {
        ("co",),
        ("company",),
        ("corporation",),
        ("corp",),
        ("inc",),
        ("gmbh",),
        ("ltd",),
        ("limited",),
        ("llc",),
    }
    # Two letters that are also words or countries are no reason to shorten a name.
    at_end -= {("as",), ("uk",), ("si",), ("ud",), ("id",), ("no",), ("the",), ()}
    in_front = {("pt",), ("sarl",), ("ooo",), ("ооо",), ("zao",), ("оао",), ("cv",)}
    return frozenset(at_end), frozenset(in_front)


def _tokens(name: str) -> list[str]:
    # "S.A.R.L." is one word, "A. Schmidt" is two.
    joined = re.sub(r"\b((?:[^\W\d_]\.){2,}[^\W\d_]?)(?=\W|$)", lambda found: found[0].replace(".", ""), fold(name))
    joined = joined.replace("&", " and ").replace("+", " and ").replace("'", "").replace("\u2019", "")
    return re.findall(r"[^\W_]+", joined.replace(" a/s", " a s"))


def key(name: str | None) -> str:
    """The name without case, accents, punctuation and legal form: "Müller GmbH & Co. KG" and "MULLER" are one."""
    tokens = _tokens(name or "")
    if len(tokens) > 1 and tokens[0] == "the":
        tokens = tokens[1:]
    at_end, in_front = _legal_forms()
    shortened = True
    while shortened and len(tokens) > 1:
        shortened = False
        for size in (4, 3, 2, 1):
            if size < len(tokens) and tuple(tokens[-size:]) in at_end:
                tokens, shortened = tokens[:-size], True
                break
        if len(tokens) > 1 and tokens[-1] == "and":
            tokens, shortened = tokens[:-1], True
    if len(tokens) > 1 and (tokens[0],) in in_front:
        tokens = tokens[1:]
    return " ".join(tokens)


def normalise(raw: str) -> str | None:
    """The company's name as written, its spaces put right; None for words that name no company."""
    text = clean(raw).strip(" ,;")
    return text if text and is_company(text) else None


def is_company(name: str) -> bool:
    """Does this name a company, or is it a way to say that there is none?"""
    folded = " ".join(_tokens(name))
    return bool(folded) and folded not in _NOBODY


def domain(raw: str) -> str | None:
    """The domain of a web address or bare host, without `www.`, in ASCII; None where there is none."""
    found = _HOST.match(clean(raw).lower())
    if not found:
        return None
    host = found[1].rstrip(".").removeprefix("www.")
    if not host.isascii():
        import idna

        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            return None
    return host if _LABELS.fullmatch(host) else None


def website(raw: str) -> str | None:
    """A web address with its scheme; None where it has no host."""
    text = clean(raw)
    if domain(text) is None or " " in text:
        return None
    if "://" not in text:
        return "https://" + text
    return text if text.lower().startswith(("http://", "https://")) else None
