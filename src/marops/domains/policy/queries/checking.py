"""An evidence bundle checked where there is no workspace: digests, the chain, and what reviewers read. Asks nothing."""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from marops.domains.policy.queries.evidence import FORMAT, NOTED
from marops.domains.policy.rules.drafts import content_sha256
from marops.domains.policy.writing import OBJECT
from marops.kernel import audit
from marops.kernel.errors import INVALID, MaropsError
from marops.kernel.models import AuditRow

_FILES = ("acts.jsonl", "seals.jsonl", "drafts.jsonl", "reviews.jsonl", "definitions.jsonl")
_LONGEST_LINE = 64 * 1024 * 1024
MOST = 100
_WORDS = {"text": "text", "act": "arguments", "definition": "document"}  # what erasing takes out of a content


@dataclass
class Checked:
    """What checking came to."""

    manifest: Mapping[str, Any]
    acts: int = 0
    sealed: int = 0
    drafts: int = 0
    erased: int = 0
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
        told = {name: self.manifest.get(name) for name in ("workspace", "made_at", "use", "since", "until")}
        return told | {
            "whole": not self.broken, "acts": self.acts, "sealed": self.sealed, "drafts": self.drafts,
            "erased": self.erased, "reviews": self.reviews, "last_seal": self.seal, "last_digest": self.digest,
            "broken": self.broken, "findings": self.findings,
        }  # fmt: skip


def check_bundle(path: Path) -> Checked:
    """Check a bundle. Raises MaropsError `invalid` where the file is none."""
    try:
        with zipfile.ZipFile(path) as kept:
            return _check(kept)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError, RecursionError, AttributeError) as fault:
        said = str(fault) or type(fault).__name__
        raise MaropsError(INVALID, f"{path} is no whole evidence bundle: {said}") from fault


def _check(kept: zipfile.ZipFile) -> Checked:
    manifest = json.loads(kept.read("manifest.json"))
    if manifest.get("format") != FORMAT or manifest.get("version") != 1:
        raise ValueError("its manifest does not say that it is one this version knows")
    found = Checked(manifest)
    _files(kept, manifest["files"], found)
    links = _chain(kept, found)
    for line in _lines(kept, "acts.jsonl"):
        found.acts += 1
        _act(line, links, found)
    read = _what_was_read(kept, found)
    for line in _lines(kept, "reviews.jsonl"):
        found.reviews += 1
        if line["subject_type"] == "ai_draft" and read.get(line["subject_id"]) not in (None, line["content_sha256"]):
            found.found("a review is of other words than its draft's", f"review {line['id']}")
    for line in _lines(kept, "definitions.jsonl"):
        if content_sha256(line["document"]) != line["sha256"]:
            found.found("a definition was changed", line["ref"])
    return found


def _files(kept: zipfile.ZipFile, files: Mapping[str, str], found: Checked) -> None:
    for name in _FILES:
        if name not in files:
            found.found("the manifest does not name a file", name)
    for name, digest in files.items():
        with kept.open(name) as one:
            if hashlib.file_digest(one, "sha256").hexdigest() != digest:  # type: ignore[arg-type]  # it reads all the same
                found.found("a file is not the one that the manifest names", name)


def _lines(kept: zipfile.ZipFile, name: str) -> Iterator[Any]:
    with kept.open(name) as lines:
        while line := lines.readline(_LONGEST_LINE):
            yield json.loads(line)


def _chain(kept: zipfile.ZipFile, found: Checked) -> dict[int, bytes]:
    """The links of the seals that hold; what is wrong with the chain is told."""
    links: dict[int, bytes] = {}
    before: Mapping[str, Any] | None = None
    for one in _lines(kept, "seals.jsonl"):
        number, previous = int(one["number"]), bytes.fromhex(one["previous"])
        follows = before is None or (number == before["number"] + 1 and one["previous"] == before["digest"])
        if not follows or (number == 1 and previous != audit.GENESIS):
            found.found("the chain is broken", f"seal {number}")
        if one["links"]:
            links[number] = bytes.fromhex(one["links"])
            said = hashlib.sha256(previous + links[number]).hexdigest()
            if said != one["digest"] or len(links[number]) != 32 * one["rows"]:
                found.found("rows under a seal were changed, removed or added", f"seal {number}")
        before, found.seal, found.digest = one, number, one["digest"]
    return links


def _act(line: Mapping[str, Any], links: Mapping[int, bytes], found: Checked) -> None:
    act, noted = line["act"], line["audit"]
    where = f"act {act['id']}"
    if noted is None:
        found.found("an act that the audit does not know", where)
        return
    said = audit.payload_digest(bytes.fromhex(noted["salt"]), {"sha256": content_sha256(act)})
    if said.hex() != noted["digest"] or (noted["object_type"], noted["object_id"]) != (OBJECT, act["id"]):
        found.found("an act was changed", where)
    if noted["seal"] is None:
        return
    found.sealed += 1
    at = 32 * int(noted["place"])
    if audit.link(_row(noted)) != links.get(noted["seal"], b"")[at : at + 32]:
        found.found("the audit's row of an act is not the one that was sealed", where)


def _row(noted: Mapping[str, Any]) -> AuditRow:
    """The audit's row as it was, never saved."""
    plain = {name: noted[name] for name in NOTED}
    return AuditRow(
        id=UUID(noted["id"]), at=datetime.fromisoformat(noted["at"]), digest=bytes.fromhex(noted["digest"]),
        job_id=UUID(noted["job_id"]) if noted["job_id"] else None, **plain,
    )  # fmt: skip


def _what_was_read(kept: zipfile.ZipFile, found: Checked) -> dict[str, str]:
    """Draft → digest of its content. A content that was erased is gone, and its digest stays."""
    read: dict[str, str] = {}
    for line in _lines(kept, "drafts.jsonl"):
        found.drafts += 1
        read[line["id"]] = line["sha256"]
        if _WORDS[line["kind"]] not in line["content"]:
            found.erased += 1
        elif content_sha256(line["content"]) != line["sha256"]:
            found.found("a draft was changed", f"draft {line['id']}")
    return read
