"""What simulation says of a workflow: its bottleneck, its course, its fit to a log, scenarios compared, papers."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from marops.cli.main import CLI, REFUSED, Json, app, check_output, document_of, err, installation, out, print_json
from marops.cli.workflows import workflow

scenario = typer.Typer(no_args_is_help=True, help="Scenarios: what a hire or a redesign would bring.")
app.add_typer(scenario, name="scenario")

Slug = Annotated[str, typer.Argument(help="The workflow's short name, or name@version.")]
Months = Annotated[int, typer.Option(min=1, max=60, help="Months that are looked ahead.")]
Runs = Annotated[int, typer.Option("--replications", min=2, max=10_000, help="How often it is simulated.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same answer.")]
First = Annotated[datetime | None, typer.Option("--from", help="The first day. Default: today.", formats=["%Y-%m-%d"])]


def _ask(months: int, runs: int, seed: int, first: datetime | None) -> Any:
    from marops.domains.workflows.public import Ask

    return Ask(months=months, runs=runs, seed=seed, first=first.date() if first else None)


@workflow.command("bottleneck")
def bottleneck(
    slug: Slug,
    months: Months = 18,
    replications: Runs = 100,
    seed: Seed = 1,
    first: First = None,
    as_json: Json = False,
) -> None:
    """Find what holds a workflow back: four methods beside each other, with intervals."""
    with installation(quiet=as_json):
        from marops.domains.workflows.public import bottleneck_json, find_bottleneck

        ask = _ask(months, replications, seed, first)
        found = bottleneck_json(find_bottleneck(slug, ask, actor=CLI, tell=_tell(as_json)))
    if as_json:
        print_json(found)
        return
    constraint = found["constraint"]
    out.print(f"[bold]{constraint['name']}[/]  [dim]{constraint['kind']}; {found['agreement']}[/]")
    for one in found["methods"]:
        read = f"; measured in the log {one['log']}, {one['cases']:,} cases" if one["origin"] == "log" else ""
        out.print(f"\n{one['name']}  [dim]{one['unit']}{read}[/]")
        for row in one["ranking"][:5]:
            out.print(f"  {row['name'][:40]:40}  {_figure(row)}", markup=False)
        if one["says"]:
            out.print(f"  [dim]{one['says']}[/]")
        if one["contradicts"]:
            out.print(f"  {one['contradicts']}")
    out.print(f"\n{found['next']}")
    for line in found["because"]:
        out.print(f"[dim]{line}[/]")


@workflow.command("simulate")
def simulate(
    slug: Slug,
    months: Months = 18,
    replications: Runs = 100,
    seed: Seed = 1,
    first: First = None,
    log: Annotated[Path | None, typer.Option(help="Write a simulated log to this CSV file.")] = None,
    cases: Annotated[int, typer.Option(min=1, max=1_000_000, help="Cases in that log.")] = 1000,
    as_json: Json = False,
) -> None:
    """Say how things go if nothing is changed; with --log, write simulated work in the columns of the log."""
    check_output(log)
    with installation(quiet=as_json):
        from marops.domains.workflows.public import simulated_file, simulation

        ask = _ask(months, replications, seed, first)
        if log is not None:
            rows = simulated_file(slug, log, cases, ask)
            found: dict[str, Any] = {"workflow": slug, "log": str(log), "cases": cases, "rows": rows, "seed": seed}
        else:
            found = simulation(slug, ask, actor=CLI)
    if as_json:
        print_json(found)
    elif log is not None:
        out.print(f"{cases:,} cases, {found['rows']:,} pieces of work in {log}.")
    else:
        _print_simulation(found)


def _print_simulation(found: dict[str, Any]) -> None:
    for name, one in found["figures"].items():
        out.print(f"{name.replace('_', ' '):16}  {_figure(one)}")
    spans = [_span(month) for month in found["months"]]
    room = max(map(len, (*spans, "Month")))
    out.print(f"\n[bold]{'Month':{room}}   finished   lead p50   lead p85   in work[/]")
    for month, span in zip(found["months"], spans, strict=True):
        cells = (month["throughput"], month["lead_p50_hours"], month["lead_p85_hours"], month["in_work"])
        out.print(f"{span:{room}}  " + "  ".join(f"{_short(one):>9}" for one in cells))
    out.print(f"[dim]{found['replications']} runs, {found['seconds']} s, seed {found['asked']['seed']}[/]")


def _span(month: dict[str, Any]) -> str:
    """A month of the calendar by its name, any other by its first and last day."""
    return month["month"] if month["from"].endswith("-01") else f"{month['from']} – {month['to']}"


@workflow.command("fit")
def fit(
    slug: Slug,
    against: Annotated[str, typer.Option(help="A log the model has not seen: a file, or the reference of one (EL-3).")],
    replications: Annotated[int, typer.Option(min=1, max=100, help="Simulated logs.")] = 10,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Say how well a workflow reproduces a log it has not seen: distances in multiples of the noise floor."""
    with installation(quiet=as_json):
        from marops.domains.workflows.public import Ask, fit_to, log_named, with_levels

        ask = Ask(runs=replications, seed=seed)
        found = with_levels(fit_to(slug, log_named(against, actor=CLI), ask, actor=CLI))
    if as_json:
        print_json(found)
        return
    out.print("[bold]distance             simulated      floor    ratio[/]")
    for one in found["distances"]:
        ratio = f"{one['ratio']:.2f}" if one["ratio"] is not None else "–"
        out.print(f"{one['name']:20}  {one['value']:9.4g}  {one['floor']:9.4g}  {ratio:>7}  [dim]{one['unit']}[/]")
    for one in found.get("drift", {}).values():
        out.print(f"\n{one['log']}: {one['says']}")
        for change in one["changes"] if one["changed"] else ():
            around = f"{change['low']:+.4g} to {change['high']:+.4g}"
            out.print(f"  {change['says']}  [dim]{change['before']:.4g} → {change['after']:.4g} ({around})[/]")


@scenario.command("compare")
def compare(
    slug: Slug,
    options: Annotated[
        list[str], typer.Option("--with", help="A scenario: a YAML file, or the short name of a kept one. Repeat it.")
    ],
    months: Months = 18,
    replications: Runs = 100,
    seed: Seed = 1,
    first: First = None,
    quick: Annotated[
        bool, typer.Option(help="Leave out the highest intake and the assumption that turns the ranking.")
    ] = False,
    pdf: Annotated[Path | None, typer.Option(help="Write the one-page comparison to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Compare scenarios with doing nothing, month by month, on the same luck."""
    check_output(pdf)
    with installation(quiet=as_json):
        from marops.domains.workflows.public import compare_scenarios, comparison_json, comparison_pdf

        ask = _ask(months, replications, seed, first)
        tell = _tell(as_json)
        answer = compare_scenarios(slug, _scenarios(options), ask, actor=CLI, deep=not quick, tell=tell)
        if pdf is not None:
            pdf.write_bytes(comparison_pdf(slug, answer))
        found = comparison_json(answer)
    if as_json:
        print_json(found)
        return
    _print_comparison(found)


def _scenarios(options: list[str]) -> dict[str, Any]:
    """Scenarios by a short name: that of the file, or of the kept definition."""
    from marops.domains.workflows.public import check_names, scenario_of, scenarios_named

    paths = {one: Path(one) for one in options if Path(one).suffix in (".yaml", ".yml", ".json") or Path(one).is_file()}
    check_names([paths[one].stem if one in paths else one.partition("@")[0] for one in options])
    found: dict[str, Any] = {}
    for option in options:
        if option in paths:
            found[paths[option].stem] = scenario_of(document_of(paths[option]), option)
        else:
            found |= scenarios_named([option])
    return found


def _print_comparison(found: dict[str, Any]) -> None:
    titles = [one["title"] for one in found["options"]]
    out.print("[bold]" + f"{'':44}" + "  ".join(f"{title[:24]:>24}" for title in titles) + "[/]")
    for line in found["lines"]:
        unit = found["currency"] if line["unit"] == "money" else line["unit"]
        name = line["name"] if unit == "number" else f"{line['name'][:36]}, {unit}"
        cells = [_short(line["baseline"]), *(_short(one) for one in line["options"])]
        out.print(f"{name[:44]:44}" + "  ".join(f"{cell:>24}" for cell in cells), markup=False)
    if found.get("ranked"):
        out.print(f"\n{found['ranked']['says']}", markup=False)
    if found.get("flip"):
        out.print(found["flip"]["says"], markup=False)
    out.print(found["next_constraint"], markup=False)
    out.print(f"[dim]{found['asked']['runs']} runs, {found['seconds']} s, seed {found['asked']['seed']}[/]")


@workflow.command("promises")
def promises(slug: Slug, replications: Runs = 200, seed: Seed = 1, as_json: Json = False) -> None:
    """Say when open work will be done, from the work in progress of today, and what to do first."""
    with installation(quiet=as_json):
        from marops.domains.workflows.public import Ask, promised, with_levels

        found = with_levels(promised(slug, Ask(runs=replications, seed=seed), actor=CLI))
    if as_json:
        print_json(found)
        return
    for one in found["open"]:
        share = "" if one["on_time"] is None else f"  {one['on_time']['value']:.0%} on time"
        half, most = ((one[name] or "not in six months")[:10] for name in ("p50", "p85"))
        out.print(f"{one['case'][:44]:44}  {half}  {most}{share}  [dim]waits for {', '.join(one['waits_for'])}[/]")
    if not found["open"]:
        out.print("Nothing of it is open.")
    if found["first"]:
        out.print(f"\n[bold]First:[/] {', '.join(found['first'])}")


@workflow.command("decisions")
def decisions(
    slug: Slug,
    plan: Annotated[Path | None, typer.Option(help="The plan: a YAML file with targets by kind of work.")] = None,
    target: Annotated[
        list[str] | None, typer.Option(help="So many of a kind of work in each month, as newsletter=8. Repeat it.")
    ] = None,
    months: Annotated[int | None, typer.Option(min=1, max=18, help="Months of a plan made of --target.")] = None,
    replications: Runs = 400,
    seed: Seed = 1,
    first: First = None,
    as_json: Json = False,
) -> None:
    """Say how likely a plan is, and which three changes raise that most with the people there are."""
    asked = _plan(plan, target or [], months)
    with installation(quiet=as_json):
        from marops.domains.workflows.public import Ask, with_levels
        from marops.domains.workflows.public import decisions as found_for

        ask = Ask(runs=replications, seed=seed, first=first.date() if first else None)
        found = with_levels(found_for(slug, asked, ask, actor=CLI, tell=_tell(as_json)))
    if as_json:
        print_json(found)
    else:
        _print_decisions(found)


def _plan(plan: Path | None, targets: list[str], months: int | None) -> Any:
    """The document of a plan, of a file or of targets such as newsletter=8."""
    if (plan is None) == (not targets):
        err.print("Give the plan by --plan, or by --target.")
        raise typer.Exit(REFUSED)
    if plan is not None:
        return document_of(plan)
    pairs = [one.partition("=") for one in targets]
    asked: dict[str, Any] = {"targets": {name.strip(): number.strip() for name, _is, number in pairs}}
    return asked | ({"months": months} if months else {})


def _print_decisions(found: dict[str, Any]) -> None:
    def share(one: dict[str, Any], sign: str = "") -> str:
        return f"{one['value']:{sign}.0%} ({one['low']:{sign}.0%} to {one['high']:{sign}.0%})"

    out.print(f"The plan is met with a probability of [bold]{share(found['today'])}[/] as things are.")
    words = {
        "met-anyway": "Nothing has to be decided for it.",
        "out-of-reach": "No change of one step brings it within reach.",
        "nothing-to-change": "There is no step that could be changed.",
        "none": "Nothing that was tried raises it, as far as one can tell.",
    }
    if found["says"] in words:
        out.print(words[found["says"]])
    for one in found["decisions"]:
        out.print(f"  {share(one['gain'], '+'):24}  {one['title']}", markup=False)
    out.print(f"[dim]{len(found['tried'])} changes tried, {found['runs']} runs, {found['seconds']} s[/]")


@workflow.command("brief")
def brief(slug: Slug, pdf: Annotated[Path, typer.Option(help="The file to write.")], as_json: Json = False) -> None:
    """Write the one page for the next one-to-one: map, bottleneck, evidence, one proposal."""
    check_output(pdf)
    with installation(quiet=as_json):
        from marops.domains.workflows.public import Ask, brief_pdf, find_bottleneck

        found = find_bottleneck(slug, Ask(), actor=CLI, tell=_tell(as_json))
        pdf.write_bytes(brief_pdf(slug, found["kept"], actor=CLI))
    if as_json:
        print_json({"workflow": slug, "pdf": str(pdf), "bytes": pdf.stat().st_size})
    else:
        out.print(f"{pdf}: one page.")


def _tell(quiet: bool) -> Any:
    return (lambda _: None) if quiet else (lambda words: err.print(f"[dim]{words} …[/]"))


def _figure(one: dict[str, Any]) -> str:
    if one.get("value") is None:
        return str(one.get("why") or "cannot tell")
    around = f"  ({_digits(one['low'])} – {_digits(one['high'])})" if one.get("low") is not None else ""
    return f"{_digits(one['value']):>10}{around}"


def _short(one: dict[str, Any] | None) -> str:
    return "–" if one is None or one.get("value") is None else _digits(one["value"])


def _digits(value: float) -> str:
    """Four digits that count, thousands apart: 0.7979, 26.13, 12,956."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
