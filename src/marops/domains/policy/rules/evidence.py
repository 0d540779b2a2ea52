"""What an evidence bundle is made of, and how anybody checks it: the words that lie in it."""

from typing import Final

FORMAT: Final = "marops-ai-evidence"
VERSION: Final = 2
NOTED: Final = (
    "action", "effect", "actor_kind", "actor_id", "on_behalf_of", "ai_use", "object_type", "object_id", "counts"
)  # fmt: skip
"""What a row of the audit says in plain columns."""
LINES: Final = ("acts.jsonl", "drafts.jsonl", "reviews.jsonl", "definitions.jsonl", "notes.jsonl")
"""The files of lines that the manifest names; seals are written after it and prove themselves."""
BESIDE: Final = ("manifest.json", "seals.jsonl", "proof.json")
"""What lies beside the files that the manifest names, and proves it."""
GATHERED: Final = "ai_evidence"
"""Under this name the audit holds the digest of a bundle's manifest."""
README: Final = """\
Evidence of what AI did here
============================

manifest.json      what was asked for, how many acts there were by then, and the SHA-256 of every file below
acts.jsonl         each act of an AI: for whom, under which registered use and which version of the policy, what was
                   decided and why, what was disclosed, inputs and outputs by digest, tokens and cost; with the row of
                   the audit trail that holds its digest. A line without an act is one before or after these days, or
                   one that was let go: its row of the audit is here so that the numbers have no gap
drafts.jsonl       what AI handed in to be read, with its content where that was not erased since. "withheld" stands
                   where whoever gathered this may not see what the draft was made of
reviews.jsonl      who read it, what they said, and the digest of what they read; also who looked at the acts that were
                   drawn as samples (subject_type ai_sample), which their rows of the audit say (counts.sampled)
definitions.jsonl  the versions of the policy, of the register's entries and of the texts of disclosure
notes.jsonl        what the audit noted at the time about those drafts, decisions and versions
people.json        the names behind the ids of those who work here
seals.jsonl        the chain of the audit trail, from the first seal that is needed to the one over this bundle: the
                   link of every row under it, whoever did it. A link is a digest and shows nothing of what was done
proof.json         the row of the audit that notes this bundle, by the SHA-256 of its manifest

To check it: marops ai verify FILE.zip. It needs no workspace and no network.

What it proves
--------------
Nothing in it was changed, added or left out since it was gathered: every file stands in the manifest by its digest,
the manifest in the audit, and the audit's row in the last seal. Each act, draft, decision and version stands in the
audit as of when it happened. Acts are numbered without a gap (counts.number among all, counts.of_use within a use), and
the acts before and after the days asked for are here by their rows, so none was left out at the start, in the middle
or at the end.

What it cannot prove alone
--------------------------
- That the whole chain was not made anew. Whoever can write to the database and this file can work out every digest
  again, for none of them is a secret. Such a forgery changes the digest of the last seal. So note that digest where
  the same people cannot change it (a letter, an e-mail to an auditor), and check with
  marops ai verify FILE.zip --seal DIGEST. Any older seal of the same chain proves what lies under it as well.
  Where the workspace is at hand: marops ai verify FILE.zip --here compares all seals with its own.
- What was never noted: only what passes the gate is an act.
- Words and acts that were let go, erased since or withheld: their digests are here, they are not. They are counted.
- Names in people.json are those of the day it was gathered.
- Acts that were brought in from the past (action ai.history, such as those of the sample company) were noted later than
  they are said to have been done. They are counted and proved as of then; one that was noted outside of the days asked
  for may be missing.
- What happened after as_of in the manifest.

To check it without Marops
--------------------------
"canonical" is JSON with sorted keys, no spaces, UTF-8 (Python: json.dumps(value, sort_keys=True,
separators=(",", ":"), ensure_ascii=False)).
 1. Every file that manifest.json names has that SHA-256, and there is no other file but manifest, seals and proof.
 2. Lines of seals.jsonl follow each other by number, previous is the digest of the one before (32 zero bytes for seal
    1), and SHA-256 of (bytes of previous, then links) is digest.
 3. The link of a row of the audit is SHA-256 of (canonical of the list [id, at, action, effect, actor_kind, actor_id,
    on_behalf_of, ai_use, object_type, object_id, job_id, counts], then the bytes of its digest). It is the link number
    place (from 0; 32 bytes each) of seal number seal. This holds for proof.json and every row in acts and notes.
 4. The row in proof.json has object_type ai_evidence, and its object_id is the SHA-256 of manifest.json.
 5. For each line of acts.jsonl with an act: x = hex SHA-256 of canonical(act), and SHA-256 of (bytes of audit.salt,
    then canonical({"sha256": x})) is audit.digest.
 6. Numbers (of_use where a use was asked for) have no gap; the first is 1 or belongs to a row before since; the last is
    counts.acts (counts.of_use) of the row in proof.json or belongs to a row at until or later.
 7. For each line of notes.jsonl with a payload: SHA-256 of (bytes of audit.salt, then canonical(payload)) is
    audit.digest. Compare drafts (sha256), decisions (who, approved, sha256) and versions (document) with them.

This is a record of what happened. It is not legal advice.
"""
