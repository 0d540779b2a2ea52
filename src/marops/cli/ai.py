"""Uses of AI: the register, what they did, and the switch that stops them."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from marops.cli.main import (
    CLI,
    DONE,
    FINDINGS,
    Json,
    app,
    check_output,
    counted,
    installation,
    out,
    print_json,
    text_of,
)

ai = typer.Typer(help="What AI is used for, what it did, and how to stop it.", no_args_is_help=True)
app.add_typer(ai, name="ai")


@ai.command("uses")
def uses(as_json: Json = False) -> None:
    """List the register of AI uses: what is not in it is not allowed."""
    with installation(quiet=as_json):
        from marops.domains.policy.public import register

        found = register(CLI)
    if as_json:
        print_json({"items": found, "next": None})
        return
    if not found:
        out.print("The register is empty: AI may do nothing.")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("Use", "What for", "State", "Risk", "Stopped"):
        table.add_column(title)
    for one in found:
        stopped = one["stopped"]["why"] or "yes" if one["stopped"] else ""
        table.add_row(one["use"], one["document"]["title"], one["state"].replace("_", " "), one["tier"], stopped)
    out.print(table)


@ai.command("log")
def log(
    use: Annotated[str, typer.Option(help="Of one use alone.")] = "",
    verdict: Annotated[str, typer.Option(help="yes, waits or no.")] = "",
    person: Annotated[str, typer.Option(help="For this person alone, by their e-mail address.")] = "",
    since: Annotated[str, typer.Option(help="From this day on, such as 2026-06-01.")] = "",
    until: Annotated[str, typer.Option(help="Up to this day, included.")] = "",
    limit: Annotated[int, typer.Option(help="So many, the newest first.")] = 50,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Recompute every act's digest and the chain; exit code 1 where one differs."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what AI did, waits to do and was refused; or prove that nobody changed it since."""
    if verify:
        _verify(as_json)
        return
    with installation(quiet=as_json):
        from marops.domains.policy.public import person_named, trail

        whom = person_named(person).id if person else ""
        asked = {"use": use, "verdict": verdict, "person": whom, "since": since, "until": until}
        found = trail(CLI, asked, None, limit)
    if as_json:
        print_json(found)
        return
    for one in found["items"]:
        out.print(
            f"{one['at'][:19].replace('T', ' ')}  {one['verdict']:5}  {one['use']}  {one['action']}", markup=False
        )
        for reason in one["reasons"]:
            out.print(f"[dim]{' ' * 28}{reason}[/]")
    if not found["items"]:
        narrowed = use or verdict or person or since or until
        out.print("AI did nothing of that kind." if narrowed else "AI did nothing yet.")


Everything = Annotated[bool, typer.Option("--everything", help="Every use, in force now or later.")]


@ai.command("stop")
def stop(
    why: Annotated[str, typer.Option(help="Stands in every refusal.")],
    use: Annotated[str, typer.Argument(help="A use of the register.")] = "",
    everything: Everything = False,
) -> None:
    """Throw a kill switch: from this moment the use does nothing more."""
    _one_or_all(use, everything)
    with installation():
        from marops.domains.policy.public import stop as throw

        throw(actor=CLI, use=use, why=why)
    out.print(f"{use or 'Every use of AI'} is stopped.")


@ai.command("go-on")
def go_on(
    use: Annotated[str, typer.Argument(help="A use that has a switch of its own.")] = "", everything: Everything = False
) -> None:
    """Release a kill switch: that of a use, or the one that stops everything."""
    _one_or_all(use, everything)
    with installation():
        from marops.domains.policy.public import go_on as release
        from marops.domains.policy.public import register

        release(actor=CLI, use=use)
        still = [one["use"] for one in register(CLI) if one["stopped"]]
    out.print(f"{use or 'AI'} may go on, as far as the policy allows.")
    if still:
        out.print(f"Still stopped: {', '.join(still)}.")


def _one_or_all(use: str, everything: bool) -> None:
    """Nobody stops all of it by leaving a word out."""
    if bool(use) == everything:
        raise typer.BadParameter("name one use, or say --everything")


def _verify(as_json: bool) -> None:
    with installation(quiet=as_json):
        from marops.domains.policy.public import verify_here

        found = verify_here(CLI)
    if as_json:
        print_json(found)
    else:
        out.print(
            f"{counted(found['acts'], 'act')} under {counted(found['seals'], 'seal')}, in {found['seconds']:.1f} s."
        )
        if found["forgotten"]:
            out.print(f"{counted(found['forgotten'], 'act')} let go on purpose, what they were with them.")
        if found["unsealed"]:
            out.print(f"{counted(found['unsealed'], 'act')} not sealed yet; the engine seals every few minutes.")
        _findings(found)
    raise typer.Exit(DONE if found["whole"] else FINDINGS)


def _findings(found: dict[str, Any]) -> None:
    for one in found["findings"]:
        out.print(f"[red]{one['what']}[/]: {one['where']}")
    if found["broken"] > len(found["findings"]):
        out.print(f"and {found['broken'] - len(found['findings']):,} more")
    if found["whole"]:
        out.print("Everything is whole: nothing was changed, removed or added.")


@ai.command("evidence")
def evidence(
    file: Annotated[Path, typer.Option("--out", help="The ZIP file to write.")],
    use: Annotated[str, typer.Option(help="Of one use alone.")] = "",
    since: Annotated[str, typer.Option(help="From this day on, such as 2026-01-01.")] = "",
    until: Annotated[str, typer.Option(help="Up to this day, which is included.")] = "",
    as_json: Json = False,
) -> None:
    """Write what AI did in a time, who read it and what was disclosed into one file that anybody can check."""
    check_output(file)
    with installation(quiet=as_json):
        from marops.domains.policy.public import evidence_here

        found = evidence_here(CLI, file, use, since, until)
    if as_json:
        print_json(found)
        return
    counts, seal = found["counts"], found["seal"]
    out.print(
        f"{file}: {counted(counts['acts'], 'act')}, {counted(counts['drafts.jsonl'], 'draft')},"
        f" {counted(counts['reviews.jsonl'], 'review')}.", markup=False
    )  # fmt: skip
    out.print(f"Check it anywhere: marops ai verify {file}", markup=False)
    out.print(f"Seal {seal['number']:,} is over all of it. Keep its digest where nobody here can change it:")
    out.print(seal["digest"], markup=False)


@ai.command("verify")
def verify_file(
    file: Path,
    seal: Annotated[str, typer.Option(help="The digest of one of its seals, noted elsewhere when it was made.")] = "",
    here: Annotated[bool, typer.Option("--here", help="Compare its seals with those of this workspace too.")] = False,
    as_json: Json = False,
) -> None:
    """Check an evidence bundle, without any workspace; exit code 1 where something is not as it was gathered."""
    if here:
        with installation(quiet=as_json):
            from marops.domains.policy.public import check_bundle_here

            found = check_bundle_here(CLI, file, seal).as_json()
    else:
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marops.site.settings")
        django.setup()
        from marops.domains.policy.public import check_bundle

        found = check_bundle(file, seal).as_json()
    if as_json:
        print_json(found)
    else:
        _told(found)
        _findings(found)
        if found["whole"] and not seal and not here:
            out.print("That its chain was not made anew only --here or a digest noted elsewhere (--seal) can say.")
    raise typer.Exit(DONE if found["whole"] else FINDINGS)


def _told(found: dict[str, Any]) -> None:
    period = [f"{word} {str(found[word])[:10]}" for word in ("since", "until") if found[word]]
    out.print(
        f"{found['workspace']}, made {str(found['made_at'])[:16].replace('T', ' ')} {' '.join(period)}", markup=False
    )
    out.print(
        f"{counted(found['acts'], 'act')}, {counted(found['drafts'], 'draft')}, {counted(found['reviews'], 'review')}."
    )
    for number, thing, words in (
        (found["let_go"], "act", "let go after the time that acts are kept"),
        (found["brought_in"], "act", "brought in from the past"),
        (found["erased"], "draft", "without words, which were erased since"),
        (found["withheld"], "draft", "without words, which whoever gathered this may not see"),
    ):
        if number:
            out.print(f"{counted(number, thing)} {words}.")
    if found["last_seal"]:
        out.print(f"Newest seal: {found['last_seal']:,}, {found['last_digest']}")


@ai.command("drafts")
def drafts(
    draft: Annotated[str, typer.Argument(help="One draft, with its content; left out: what waits.")] = "",
    as_json: Json = False,
) -> None:
    """List what AI made and waits to be read, or show one draft."""
    with installation(quiet=as_json):
        from marops.domains.policy.public import draft as one_draft
        from marops.domains.policy.public import waiting

        found = [one_draft(CLI, draft)] if draft else waiting(CLI)
    if as_json:
        print_json(found[0] if draft else {"items": found, "next": None})
        return
    for one in found:
        out.print(f"{one['id']}  {one['at']:%Y-%m-%d %H:%M}  {one['kind']}  {one['use']}  {one['title']}", markup=False)
        said = f"{one['approvals']} of {one['needed']} approved, {one['state']}; for {one['for_name']}"
        out.print(f"    {said}{'; read by ' + ', '.join(one['roles']) if one['roles'] else ''}", markup=False)
        if draft:
            print_json(one["content"])
            out.print(f"SHA-256 {one['sha256']}")
    if not found:
        out.print("Nothing that AI made waits.")


KeyFile = Annotated[
    str,
    typer.Option(
        "--key-file",
        help="A file with your key (Your account, Keys), which holds policy.view and policy.review; - reads it from"
        " standard input. Whoever runs a command is nobody's reader without one.",
    ),
]


@ai.command("samples")
def samples(as_json: Json = False) -> None:
    """List what AI did by itself and was drawn for somebody to look at."""
    with installation(quiet=as_json):
        from marops.domains.policy.public import samples_waiting

        found = samples_waiting(CLI)
    if as_json:
        print_json({"items": found, "next": None})
        return
    for one in found:
        told = (
            f"{one['act']}  {one['at']:%Y-%m-%d %H:%M}  {one['use']}  {one['term']}  {one['subject'] or one['action']}"
        )
        out.print(told, markup=False)
        out.print(
            f"    for {one['for_name']}; looked at by {', '.join(one['roles']) or 'whoever may review'}", markup=False
        )
    if not found:
        out.print("No sample is to be looked at.")


@ai.command("look")
def look(
    act: Annotated[str, typer.Argument(help="The act's id, from marops ai samples.")],
    key_file: KeyFile,
    right: Annotated[bool, typer.Option("--right/--wrong", help="Was it right?")],
    why: Annotated[str, typer.Option(help="What is wrong with it.")] = "",
    as_json: Json = False,
) -> None:
    """Say of a sample whether it was right, as the person whose key you bring."""
    secret = (sys.stdin.readline() if key_file == "-" else text_of(Path(key_file))).strip()
    with installation(quiet=as_json):
        from marops.domains.accounts.public import person_by_key
        from marops.domains.policy.public import look as look_at

        found = look_at(person_by_key(secret), act, right, why)
    if as_json:
        print_json(found)
        return
    said = {"waiting": "noted; somebody else has to look as well"}.get(found["state"], found["state"])
    out.print(f"{found['use']}, {found['term']}: {said}.", markup=False)


@ai.command("approve")
def approve(
    draft: Annotated[str, typer.Argument(help="The draft's id, from marops ai drafts.")],
    key_file: KeyFile,
    sha256: Annotated[str, typer.Option(help="Only if its content has this digest; left out: as it is now.")] = "",
    why: Annotated[str, typer.Option(help="A word to whoever asked.")] = "",
    as_json: Json = False,
) -> None:
    """Approve a draft of AI, as the person whose key you bring."""
    _decide(draft, key_file, sha256, why, as_json, yes=True)


@ai.command("decline")
def decline(
    draft: Annotated[str, typer.Argument(help="The draft's id, from marops ai drafts.")],
    key_file: KeyFile,
    why: Annotated[str, typer.Option(help="What is wrong with it.")] = "",
    as_json: Json = False,
) -> None:
    """Decline a draft of AI, and say why, as the person whose key you bring."""
    _decide(draft, key_file, "", why, as_json, yes=False)


def _decide(draft: str, key_file: str, sha256: str, why: str, as_json: bool, *, yes: bool) -> None:
    secret = (sys.stdin.readline() if key_file == "-" else text_of(Path(key_file))).strip()
    with installation(quiet=as_json):
        from marops.domains.accounts.public import person_by_key
        from marops.domains.policy.public import decide
        from marops.domains.policy.public import draft as one_draft

        actor = person_by_key(secret)
        found = decide(actor, draft, sha256 or one_draft(actor, draft)["sha256"], yes, why)
    if as_json:
        print_json(found)
        return
    left = found["needed"] - found["approvals"]
    more = f"; {left} more to approve it" if found["state"] == "waiting" else ""
    out.print(f"{found['title']}: {found['state']}{more}.", markup=False)


@ai.command("mark")
def mark(
    file: Annotated[Path, typer.Argument(help="HTML, PNG or JPEG.", exists=True, dir_okay=False)],
    out_file: Annotated[Path, typer.Argument(metavar="OUT", help="Where the marked one goes.")],
    edited: Annotated[bool, typer.Option(help="People and AI made it together; else AI made it.")] = False,
    use: Annotated[str, typer.Option(help="Put in HTML what readers are told of this use.")] = "",
    language: Annotated[str, typer.Option(help="In this language, such as de.")] = "en",
) -> None:
    """Mark what AI made so that machines can tell; not a pixel and not a word of it changes."""
    check_output(out_file)
    with installation(quiet=True):
        from marops.domains.policy.public import disclosure_of
        from marops.domains.policy.public import mark as marked

        words = disclosure_of(use, language) if use else ""
        out_file.write_bytes(marked(file.read_bytes(), "edited" if edited else "made", words, language))
    out.print(f"{out_file} says that AI {'took part in it' if edited else 'made it'}.")
