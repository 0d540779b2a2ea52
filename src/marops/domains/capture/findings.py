"""What can be wrong with a row: the codes of findings, in words, with the way out."""

from typing import NamedTuple

from marops.kernel import ports


class Words(NamedTuple):
    """A finding in words."""

    message: str
    remedy: str


FINDINGS: dict[str, Words] = {
    # Rows that are rejected.
    "ragged-row": Words(
        "The row has more or fewer cells than there are columns.",
        "Give the row one cell for each column; put quotes around cells that hold the delimiter.",
    ),
    "broken-quotes": Words(
        "The quotation marks in this line do not match.",
        "Write a quotation mark inside a quoted cell twice, and close every quoted cell.",
    ),
    "cell-too-large": Words("A cell is far too long to be a value.", "Shorten the text or leave the column out."),
    "nul-byte": Words("A cell holds a NUL byte; the file may be damaged there.", "Remove it, or export again."),
    "no-identity": Words(
        "Nothing in the row says who it is.",
        "Give it an e-mail address, a phone number, or an id of the system it comes from.",
    ),
    "rows-disagree": Words(
        "Its id says one person, its address another one of this file.",
        "Correct the id or the address; the row with the number given had the address first.",
    ),
    "identity-conflict": Words(
        "Its id and its address belong to different leads.",
        "Look at both leads; merge them if they are one person, or correct the row.",
    ),
    "value-missing": Words("A value that every row needs is missing.", "Fill the cell and import the row again."),
    "unreadable-number": Words(
        "This is no number or amount.", "Write digits, such as 1200.50, and import the row again."
    ),
    "unreadable-date": Words("This cannot be read as a date.", "Write it as 2026-01-31 and import the row again."),
    "unreadable-currency": Words("This is no currency.", "Write its code of three letters, such as EUR."),
    "unreadable-yes-no": Words("This reads neither as yes nor as no.", "Write yes or no."),
    # Values that could not be kept; the rest of the row was.
    "email-invalid": Words("This is no e-mail address.", "Correct it at its source; it is kept as it came."),
    "phone-invalid": Words(
        "This is no valid phone number of that country.", "Write it with its country code, such as +49 30 1234567."
    ),
    "country-unknown": Words("No country goes by this name.", "Use the English name or the two-letter code."),
    "not-number": Words("This is no number.", "Use digits; it is kept as it came."),
    "not-date": Words("This is no date.", "Use 2026-01-31; it is kept as it came."),
    "not-boolean": Words("This is neither yes nor no.", "Use yes or no; it is kept as it came."),
    "not-choice": Words("This is too long to be one of a few choices.", "Make the field a text."),
    "not-text": Words("The text is too long.", "Shorten it; it is kept as it came."),
    "not-kept": Words("The value could not be used.", "It is kept as it came."),
    "too-long": Words("The text is too long for this field.", "Shorten it; it is kept as it came."),
    "website-invalid": Words("This is no web address.", "Use https://example.com; it is kept as it came."),
    "domain-invalid": Words("This is no domain.", "Use example.com."),
    "language-unknown": Words("No language goes by this name.", "Use a tag such as de or en-GB."),
    "zone-unknown": Words("There is no such time zone.", "Use a name such as Europe/Berlin."),
    "no-name": Words("There is no letter in this name.", "Correct it at its source; it is kept as it came."),
    "no-company": Words("These words name no company.", "Nothing to do: the person is kept without a company."),
    "consent-unclear": Words("This says neither yes nor no.", "Use yes or no. No consent was recorded."),
    "consent-kept": Words(
        "The file says yes, but this person has refused, or their yes has ended; that stands.",
        "A yes after a no needs the person's own word, with its evidence.",
    ),
    # Rows about somebody who has another row.
    "repeat": Words("The same person comes again further down; the last row counts.", "Nothing to do."),
}


def words(code: str) -> Words:
    """The finding in words; those of other tables than leads are asked of whoever keeps these."""
    found = FINDINGS.get(code)
    for filler in () if found else ports.importers:
        if code in filler.value.findings:
            message, remedy = filler.value.findings[code]
            return Words(str(message), str(remedy))
    return found or Words(code, "")
