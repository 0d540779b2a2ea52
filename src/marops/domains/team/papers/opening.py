"""An opening on paper: the job description, and the sheets for its interview, as PDF."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from marops.domains.team.queries.openings import Interview
from marops.domains.team.rules.description import Section
from marops.kernel.printing import pdf

_HERE = Path(__file__).parent


def description_pdf(title: str, under: str, sections: Sequence[Section], company: str, at: datetime) -> bytes:
    """The description as a PDF; as many pages as it takes, most often two."""
    told: dict[str, Any] = {
        "title": title, "under": under, "company": company, "words": {},
        "sections": [
            {"heading": one.heading, "parts": [{"text": part.text, "items": part.items} for part in one.parts]}
            for one in sections
        ],
    }  # fmt: skip
    return pdf(_HERE / "description.typ", told, at)


def sheets_pdf(title: str, interview: Interview, company: str, at: datetime, words: dict[str, str]) -> bytes:
    """The interview's sheets, a page for each skill, with room to write; the first page says how it goes."""
    told = {
        "title": title, "company": company, "words": words, "rules": list(interview.how.rules),
        "left_out": ", ".join(interview.left_out),
        "sheets": [
            {"name": one.skill.name, "summary": one.skill.summary, "wanted": one.wanted, "because": one.because,
             "questions": list(one.questions), "shows": list(one.shows),
             "levels": [{"level": level, "says": says} for level, says in one.levels]}
            for one in interview.sheets
        ],
    }  # fmt: skip
    return pdf(_HERE / "sheets.typ", told, at)
