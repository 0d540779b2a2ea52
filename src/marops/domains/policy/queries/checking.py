"""An evidence bundle checked where there is no workspace, step by step as its README says. Asks nothing."""

import hashlib
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from marops.domains.policy.queries.enforcing import DRAFT
from marops.domains.policy.rules.drafts import content_sha256
from marops.domains.policy.rules.evidence import BESIDE, FORMAT, GATHERED, LINES, NOTED, VERSION
from marops.domains.policy.rules.samples import SAMPLE
from marops.domains.policy.writing import HISTORY, OBJECT
from marops.kernel import audit
from marops.kernel.errors import INVALID, MaropsError
from marops.kernel.models import AuditRow

_LONGEST_LINE: Final = 256 * 1024 * 1024
MOST: Final = 100
_WORDS: Final = {"text": "text", "act": "arguments", "definition": "document"}  # what erasing takes out of a content
Line = Mapping[str, Any]


@dataclass
class Checked:
    """What checking came to."""

    manifest: Line
    acts: int = 0
    let_go: int = 0
    beside: int = 0
    brought_in: int = 0
    drafts: int = 0
    erased: int = 0
    withheld: int = 0
    reviews: int = 0
    seal: int = 0
    digest: str = ""
    broken: int = 0
    findings: list[dict[str, str]] = field(default_factory=list)

    def found(self, what: str, where: str) -> None:
        """Something is not what it was."""
        self.broken += 1
        if len(self.findings) < MOST:
            self.findings.append({"what": what, "where": where})

    def as_json(self) -> dict[str, Any]:
        """As commands tell it."""
        told = {name: self.manifest.get(name) for name in ("workspace", "made_at", "as_of", "use", "since", "until")}
        return told | {
            "whole": not self.broken, "acts": self.acts, "let_go": self.let_go, "beside": self.beside,
            "brought_in": self.brought_in, "drafts": self.drafts, "erased": self.erased,
            "withheld": self.withheld, "reviews": self.reviews,
            "last_seal": self.seal, "last_digest": self.digest, "broken": self.broken, "findings": self.findings,
        }  # fmt: skip


@dataclass
class _Chain:
    """The links of the seals, and what each seal came to."""

    links: dict[int, bytes] = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)

    def holds(self, noted: Line) -> bool:
        """Does a row of the audit stand where it says?"""
        at = 32 * int(noted["place"] or 0)
        return audit.link(_row(noted)) == self.links.get(noted["seal"] or 0, b"")[at : at + 32]


def check_bundle(path: Path, seal: str = "") -> Checked:
    """Check a bundle; `seal` is the digest of one of its seals, noted elsewhere. Raises MaropsError `invalid`."""
    return checked_bundle(path, seal)[0]


def checked_bundle(path: Path, seal: str = "") -> tuple[Checked, Mapping[int, str]]:
    """The same, with the digests of its seals by their numbers."""
    try:
        with zipfile.ZipFile(path) as kept:
            return _check(kept, seal.strip().lower())
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError, RecursionError, AttributeError) as fault:
        said = str(fault) or type(fault).__name__
        raise MaropsError(INVALID, f"{path} is no whole evidence bundle: {said}") from fault


def _check(kept: zipfile.ZipFile, seal: str) -> tuple[Checked, Mapping[int, str]]:
    spelt = kept.read("manifest.json")
    manifest = json.loads(spelt)
    if manifest.get("format") != FORMAT or manifest.get("version") != VERSION:
        raise ValueError("its manifest does not say that it is one this version knows")
    found = Checked(manifest)
    _files(kept, manifest["files"], found)
    chain = _chain(kept, found)
    proof = json.loads(kept.read("proof.json"))["audit"]
    _bound(proof, hashlib.sha256(spelt).hexdigest(), chain, found)
    if seal and seal not in chain.digests.values():
        found.found("no seal of it has the digest that was noted elsewhere: the chain may have been made anew", seal)
    drawn = _acts(kept, chain, proof["counts"], found)
    notes = _notes(kept, chain, found)
    _reviews(kept, _drafts(kept, notes, found) | drawn, set(drawn), notes, found)
    _definitions(kept, notes, found)
    return found, chain.digests


def _files(kept: zipfile.ZipFile, files: Mapping[str, str], found: Checked) -> None:
    for name in (*LINES, "people.json", "README.txt"):
        if name not in files:
            found.found("the manifest does not name a file", name)
    for name in {*kept.namelist()} - {*files, *BESIDE}:
        found.found("a file was added that the manifest does not name", name)
    if len(kept.namelist()) != len({*kept.namelist()}):
        found.found("a file is in it twice", "the archive")
    for name, digest in files.items():
        with kept.open(name) as one:
            if hashlib.file_digest(one, "sha256").hexdigest() != digest:  # type: ignore[arg-type]  # it reads all the same
                found.found("a file is not the one that the manifest names", name)


def _lines(kept: zipfile.ZipFile, name: str) -> Iterator[Any]:
    with kept.open(name) as lines:
        while line := lines.readline(_LONGEST_LINE):
            yield json.loads(line)


def _chain(kept: zipfile.ZipFile, found: Checked) -> _Chain:
    """The seals, each with the links of all that it covers; what is wrong with them is told."""
    chain = _Chain()
    before: Line | None = None
    for one in _lines(kept, "seals.jsonl"):
        number, previous, links = int(one["number"]), bytes.fromhex(one["previous"]), bytes.fromhex(one["links"])
        follows = before is None or (number == before["number"] + 1 and one["previous"] == before["digest"])
        if not follows or (number == 1 and previous != audit.GENESIS):
            found.found("the chain is broken", f"seal {number}")
        if hashlib.sha256(previous + links).hexdigest() != one["digest"] or len(links) != 32 * one["rows"]:
            found.found("rows under a seal were changed, removed or added", f"seal {number}")
        chain.links[number], chain.digests[number] = links, one["digest"]
        before, found.seal, found.digest = one, number, one["digest"]
    return chain


def _bound(proof: Line, digest: str, chain: _Chain, found: Checked) -> None:
    """Is this the manifest that was noted, and does the note stand in the chain?"""
    if (proof["object_type"], proof["object_id"]) != (GATHERED, digest):
        found.found("the manifest is not the one that the audit noted", "manifest.json")
    if not chain.holds(proof):
        found.found("the audit's row of this bundle is not the one that was sealed", "proof.json")


def _acts(kept: zipfile.ZipFile, chain: _Chain, counted: Line, found: Checked) -> dict[str, str]:
    """Act → digest of what its row says, of those that were drawn for somebody to look at."""
    series = "of_use" if found.manifest["use"] else "number"
    numbers: dict[int, Line] = {}
    drawn: dict[str, str] = {}
    for line in _lines(kept, "acts.jsonl"):
        if line["audit"] is None:
            found.acts += 1
            found.found("an act that the audit does not know", f"act {line['act']['id']}")
            continue
        _act(line, chain, found)
        if line["act"] and line["audit"]["counts"].get("sampled") and _inside(line["act"]["at"], found.manifest):
            drawn[line["act"]["id"]] = content_sha256(line["act"])
        number = int(line["audit"]["counts"].get(series, 0))
        if number in numbers:
            found.found("a number was given twice", f"act {number}")
        if number:  # acts of before there were numbers have none
            numbers[number] = line["audit"]
    _no_gap(numbers, int(counted.get("of_use" if series == "of_use" else "acts", 0)), found)
    return drawn


def _act(line: Line, chain: _Chain, found: Checked) -> None:
    act, noted = line["act"], line["audit"]
    where = f"act {noted['object_id']}"
    if noted["object_type"] != OBJECT or (found.manifest["use"] and noted["ai_use"] != found.manifest["use"]):
        found.found("a row of the audit is of something else", where)
    if not chain.holds(noted):
        found.found("the audit's row of an act is not the one that was sealed", where)
    if act is None:
        inside = _inside(noted["at"], found.manifest)
        found.let_go, found.beside = found.let_go + inside, found.beside + (not inside)
        if inside and noted["salt"]:
            found.found("an act was left out, though nobody let it go", where)
        return
    found.acts += 1
    found.brought_in += noted["action"] == HISTORY
    if _digest(noted, {"sha256": content_sha256(act)}) != noted["digest"] or noted["object_id"] != act["id"]:
        found.found("an act was changed", where)


def _digest(noted: Line, payload: Any) -> str:
    return audit.payload_digest(bytes.fromhex(noted["salt"]), payload).hex()


def _inside(at: str, manifest: Line) -> bool:
    moment, since, until = (datetime.fromisoformat(one) if one else None for one in
                            (at, manifest["since"], manifest["until"]))  # fmt: skip
    return bool(moment and (since is None or moment >= since) and (until is None or moment < until))


def _no_gap(numbers: Mapping[int, Line], counted: int, found: Checked) -> None:
    """Acts of this time by their numbers: none is missing before, between or after them."""
    known = sorted(numbers)
    since, until = found.manifest["since"], found.manifest["until"]
    # What was brought in from the past is noted when it came, so its numbers stand apart.
    inside = [one for one in known if _inside(numbers[one]["at"], found.manifest)]
    before = [one for one in known if since and _moment(numbers[one]) < datetime.fromisoformat(since)]
    after = [one for one in known if until and _moment(numbers[one]) >= datetime.fromisoformat(until)]
    starts = 1 if not since else (max(before) + 1 if before else 1)
    ends = (min(after) - 1 if after else counted) if until else counted
    for one in range(starts, ends + 1):
        if one not in numbers:
            found.found("an act was left out", f"number {one}")
            if found.broken > MOST:
                return
    if inside and (inside[0] < starts or inside[-1] > ends):
        found.found("acts stand outside of the numbers that were counted", f"numbers {inside[0]} to {inside[-1]}")


def _moment(noted: Line) -> datetime:
    return datetime.fromisoformat(noted["at"])


def _row(noted: Line) -> AuditRow:
    """The audit's row as it was, never saved."""
    plain = {name: noted[name] for name in NOTED}
    return AuditRow(
        id=UUID(noted["id"]), at=datetime.fromisoformat(noted["at"]), digest=bytes.fromhex(noted["digest"]),
        job_id=UUID(noted["job_id"]) if noted["job_id"] else None, **plain,
    )  # fmt: skip


Notes = Mapping[tuple[str, str], list[Mapping[str, Any] | None]]


def _notes(kept: zipfile.ZipFile, chain: _Chain, found: Checked) -> Notes:
    """Kind and id of a thing → what the audit noted of it, in order; None where the words were erased since."""
    notes: dict[tuple[str, str], list[Line | None]] = defaultdict(list)
    for line in _lines(kept, "notes.jsonl"):
        noted, payload = line["audit"], line["payload"]
        where = f"{noted['object_type']} {noted['object_id']}"
        if not chain.holds(noted):
            found.found("a note of the audit is not the one that was sealed", where)
        if payload is not None and _digest(noted, payload) != noted["digest"]:
            found.found("a note of the audit was changed", where)
        after = None if payload is None else payload.get("after") or {}
        notes[noted["object_type"], noted["object_id"]].append(after)
    return notes


def _drafts(kept: zipfile.ZipFile, notes: Notes, found: Checked) -> dict[str, str]:
    """Draft → digest of its content. A content that was erased is gone, and its digest stays."""
    read: dict[str, str] = {}
    for line in _lines(kept, "drafts.jsonl"):
        found.drafts += 1
        read[line["id"]] = line["sha256"]
        said, where = notes.get((DRAFT, line["id"]), []), f"draft {line['id']}"
        if line.get("withheld"):
            found.withheld += 1
        elif _WORDS[line["kind"]] not in line["content"]:
            found.erased += 1
        elif content_sha256(line["content"]) != line["sha256"]:
            found.found("a draft was changed", where)
        first = said[0] if said else {}
        if first is not None and (first.get("sha256"), first.get("use")) != (line["sha256"], line["use"]):
            found.found("a draft is not the one that was handed in", where)
        if first and "gates" in first and first["gates"] != content_sha256(line["gates"]):
            found.found("what a draft needed was changed", where)
        last = next((one for one in reversed(said) if one and "state" in one), None)
        if last and last["state"] != line["state"] and (last["state"], line["state"]) != ("approved", "done"):
            found.found("what became of a draft was changed", where)
    return read


def _reviews(kept: zipfile.ZipFile, read: Mapping[str, str], drawn: set[str], notes: Notes, found: Checked) -> None:
    """Reviews of drafts, and of acts that were drawn: of what was read, with every word that was said."""
    for line in _lines(kept, "reviews.jsonl"):
        found.reviews += 1
        kind, subject, where = line["subject_type"], line["subject_id"], f"review {line['id']}"
        if kind not in (DRAFT, SAMPLE):
            continue
        if read.get(subject) != line["content_sha256"]:
            found.found("a review is of something else than what was read", where)
        drawn.discard(subject)
        noted = [one for one in notes.get((kind, subject), []) if one is None or "approved" in one]
        said = {one["by"]: one for one in noted if one}
        for one in line["decisions"]:
            kept_as = said.get(one["reviewer"])
            if kept_as is None and None in noted:
                continue
            if kept_as is None or (kept_as["approved"], kept_as["sha256"]) != (one["approved"], line["content_sha256"]):
                found.found("a decision is not the one that was noted", where)
            elif one["comment"] and kept_as.get("why") not in (None, content_sha256({"why": one["comment"]})):
                found.found("the words of a decision were changed", where)
        if said.keys() - {one["reviewer"] for one in line["decisions"]}:
            found.found("a decision was left out", where)
    for subject in sorted(drawn):
        found.found("a sample was left out", f"act {subject}")


def _definitions(kept: zipfile.ZipFile, notes: Notes, found: Checked) -> None:
    for line in _lines(kept, "definitions.jsonl"):
        if line["state"] == "gone":
            continue
        if content_sha256(line["document"]) != line["sha256"]:
            found.found("a definition was changed", line["ref"])
        noted = notes.get(("definition", line["ref"]), [])
        said = {content_sha256(one) for one in noted if one} | {one.get("sha256") for one in noted if one}
        if line["sha256"] not in said and None not in noted:
            found.found("a definition is not one that the audit noted", line["ref"])
