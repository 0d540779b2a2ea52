"""Which country a phone number or a mail domain speaks for, as tables that a statement can join."""

from functools import cache

# Country domains that anybody anywhere takes for how they look, and those that name no single country.
_WORLDWIDE = frozenset({
    "ac", "ai", "am", "as", "bz", "cc", "cd", "co", "cx", "dj", "fm", "gd", "gg", "gl", "gs", "im", "io", "la", "lc",
    "ly", "me", "mn", "ms", "mu", "nu", "pw", "sc", "sh", "so", "st", "sx", "tc", "tk", "tl", "to", "tv", "vc", "vg",
    "ws",
})  # fmt: skip


# Codes that a country shares with small territories: it is meant, unless a longer prefix says otherwise.
_MAINLY = {7: "RU", 39: "IT", 44: "GB", 47: "NO", 61: "AU", 212: "MA", 290: "SH", 358: "FI"}
_TERRITORIES = {
    "GG": ("441481", "447781", "447839", "447911"),
    "JE": ("441534", "447509", "447700", "447797", "447829", "447937"),
    "IM": ("441624", "447524", "447624", "447924"),
    "KZ": ("76", "77"),
    "SJ": ("4779",),
    "AX": ("35818",),
}
LENGTHS = (6, 5, 4, 3, 2, 1)
"""How many digits a prefix may have; the longest that fits counts."""


@cache
def prefixes() -> list[tuple[str, str | None, list[str]]]:
    """Digits after the plus → the one country they belong to (None where several do), and all that share the code."""
    import phonenumbers as pn

    found: list[tuple[str, str | None, list[str]]] = []
    shared = {code: list(regions) for code, regions in sorted(pn.COUNTRY_CODE_TO_REGION_CODE.items())}
    for code, regions in shared.items():
        if code == 1:
            found += [(f"1{area}", _american(area), regions) for area in range(200, 1000)]
        elif regions != ["001"]:
            found.append((str(code), _MAINLY.get(code) or (regions[0] if len(regions) == 1 else None), regions))
    return found + [(prefix, country, [country]) for country, parts in _TERRITORIES.items() for prefix in parts]


def _american(area: int) -> str | None:
    """The country of an area code of North America, such as 416 of Canada."""
    import phonenumbers as pn

    return pn.region_code_for_number(pn.PhoneNumber(country_code=1, national_number=area * 10_000_000 + 2345678))


@cache
def domains() -> dict[str, str]:
    """Top-level domain → country, for those that mostly its own people use."""
    import pycountry

    known = {one.alpha_2.lower(): one.alpha_2 for one in pycountry.countries}
    return {tld: code for tld, code in known.items() if tld not in _WORLDWIDE} | {"uk": "GB"}
