"""One-to-ones: a page for two people, and nobody else can open it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions import talks as actions
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Assessment, Talk, Topic
from marops.domains.team.pages.frame import tabs
from marops.domains.team.pages.week import back
from marops.domains.team.permissions import VIEW, Policy
from marops.domains.team.queries import talks as queries
from marops.domains.team.queries.hours import clock_of, hours_of
from marops.domains.team.rules.document import LEVEL_WORDS
from marops.domains.team.work_forms import TalkForm, TopicForm
from marops.kernel.errors import MaropsError
from marops.kernel.forms import add_problem, posted
from marops.kernel.workspace import today

SETTLED_SHOWN = 10
_MOMENT = timedelta(microseconds=1)


@require_GET
@needs(VIEW)
def talks(request: HttpRequest) -> HttpResponse:
    """My one-to-ones: with my manager, with my people, and those from before."""
    policy = Policy.of(actor_of(request))
    rows = []
    for pair in queries.pairs_of(policy):
        kept = queries.talks_of(policy, pair.row) if pair.row else []
        topics = queries.topics_of(policy, pair.row) if pair.row else []
        rows.append({
            "other": pair.other(policy.me) if policy.me else None, "current": pair.current,
            "is_manager": pair.person.id == policy.me, "last": kept[0].on if kept else None,
            "topics": sum(1 for one in topics if one.kind == Topic.Kind.TOPIC),
            "agreed": sum(1 for one in topics if one.kind == Topic.Kind.AGREED),
        })  # fmt: skip
    answer = ngettext("%(n)s one-to-one.", "%(n)s one-to-ones.", len(rows)) % {"n": len(rows)}
    context = {"rows": rows, "answer": answer if rows else _("You have no one-to-ones."), "tabs": tabs(request, "week")}
    return render(request, "team/talks.html", context)


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def talk(request: HttpRequest, ref: str) -> HttpResponse:
    """The page of two: what changed since the last talk, what to talk about, what was agreed, what was kept."""
    actor = actor_of(request)
    policy = Policy.of(actor)
    pair = queries.pair_with(policy, ref)
    kept = queries.talk_on(policy, pair, today())
    written = {"says": kept.says, "seen": actions.stamp(kept)} if kept else {}
    talk_form, topic_form = TalkForm(initial={"on": today(), **written}), TopicForm()
    status = 200
    if request.method == "POST":
        adds = "kind" in request.POST
        form: TalkForm | TopicForm = TopicForm(posted(request)) if adds else TalkForm(posted(request))
        if form.is_valid() and _write(request, pair, form):
            return redirect("team:talk", ref=ref)
        talk_form, topic_form = (talk_form, form) if adds else (form, topic_form)  # type: ignore[assignment]  # by what was sent
        status = 422
    return render(request, "team/talk.html", _context(request, policy, pair, talk_form, topic_form), status=status)


def _write(request: HttpRequest, pair: queries.Pair, form: TalkForm | TopicForm) -> bool:
    two: Any = {"manager_id": pair.manager.id, "person_id": pair.person.id}
    try:
        if isinstance(form, TopicForm):
            actions.add_topic(actor=actor_of(request), **two, **form.cleaned_data)
        else:
            kept = actions.keep_talk(actor=actor_of(request), **two, **form.cleaned_data)
            messages.success(request, _("The talk of %(day)s is kept.") % {"day": date_format(kept.on, "j F")})
    except MaropsError as error:
        if not error.errors:
            raise
        add_problem(form, error)
        if isinstance(form, TalkForm) and form.has_error("says"):
            _beside(form, queries.talk_on(Policy.of(actor_of(request)), pair, form.cleaned_data["on"]))
        return False
    return True


def _beside(form: TalkForm, kept: Talk | None) -> None:
    """The notes that stand there already, above those that were sent: whoever keeps both has seen both."""
    if kept is None:
        return
    mine = form.data.get("says", "").strip()
    both = "\n\n".join(part for part in (kept.says, mine) if part)
    form.data = {"on": form.data.get("on", ""), "says": both, "seen": actions.stamp(kept)}


def _context(
    request: HttpRequest, policy: Policy, pair: queries.Pair, talk_form: TalkForm, topic_form: TopicForm
) -> dict[str, Any]:
    kept = queries.talks_of(policy, pair.row) if pair.row else []
    topics = queries.topics_of(policy, pair.row) if pair.row else []
    settled = queries.topics_of(policy, pair.row, settled=True) if pair.row else []
    new = queries.changed(policy, pair, kept)
    me = policy.me
    other = pair.other(me) if me else pair.person
    return {
        "pair": pair, "other": other, "me": me, "mine": pair.person.id == me, "kept": kept, "new": new,
        "last": kept[0] if kept else None, "answer": _answer(pair, kept, new, topics),
        "topics": [one for one in topics if one.kind == Topic.Kind.TOPIC],
        "agreed": [one for one in topics if one.kind == Topic.Kind.AGREED],
        "settled": settled[::-1][:SETTLED_SHOWN], "talk_form": talk_form, "topic_form": topic_form,
        "writer": policy.actor.id,
        "changes": list(_changes(new, pair)), "tabs": tabs(request, "week"), "today": today(),
    }  # fmt: skip


def _answer(pair: queries.Pair, kept: list[Any], new: queries.Changed, topics: list[Topic]) -> str:
    if not pair.current:
        return _("You two do not report to each other any more. What was kept stays between you.")
    if not kept:
        return _("You have not kept a talk yet.")
    days = (today() - kept[0].on).days
    said = ngettext("The last talk was %(n)s day ago.", "The last talk was %(n)s days ago.", days) % {"n": days}
    if days == 0:
        said = _("The last talk was today.")
    agreed = sum(1 for one in topics if one.kind == Topic.Kind.AGREED)
    if agreed:
        words = ngettext("%(n)s agreed point is open.", "%(n)s agreed points are open.", agreed)
        said += " " + words % {"n": agreed}
    return said


def _changes(new: queries.Changed, pair: queries.Pair) -> Any:
    """The groups of what changed, each with lines in words."""
    known = catalogue()
    zone = hours_of(clock_of(pair.person)).zone
    yield _("Done"), [(one.title, f"/team/work/{one.ref}", date_format(today(one.ended_at), "j M")) for one in new.done]
    yield (
        _("Late"),
        [
            (one.title, f"/team/work/{one.ref}", _("due %(day)s") % {"day": date_format(one.due, "j M")})  # type: ignore[arg-type]  # late: it has a day
            for one in new.late
        ],
    )
    yield _("Away"), [
        (one.reason or _("away"), "", " – ".join(
            dict.fromkeys(date_format(at.astimezone(zone), "j M") for at in (one.starts, one.ends - _MOMENT))))
        for one in new.absences
    ]  # fmt: skip
    since = [(one.role, _("since %(day)s"), one.starts) for one in new.began]
    until = [(one.role, _("until %(day)s"), one.ends) for one in new.ended]
    yield (
        _("Roles"),
        [
            (known.title(role), f"/team/roles/{role}", said % {"day": date_format(day, "j M") if day else ""})
            for role, said, day in (*since, *until)
        ],
    )
    yield _("Levels set"), [(known.skill_name(one.skill), "", _level(one, pair)) for one in new.assessed]
    yield _("Moves of growth"), [
        (one.says, "", _("done %(day)s") % {"day": date_format(one.done_on, "j M")} if one.done_on
         else _("by %(day)s") % {"day": date_format(one.by, "j M")} if one.by else "")
        for one in new.moves
    ]  # fmt: skip
    yield (
        _("Put in force"),
        [(one.says, one.url, date_format(one.on, "j M") if one.on else "") for one in new.definitions],
    )


def _level(one: Assessment, pair: queries.Pair) -> str:
    words = {"level": one.level, "word": LEVEL_WORDS[one.level], "by": pair.person.name}
    if one.by == Assessment.By.SELF and one.made_by != str(pair.person.account_id):
        return _("%(level)s, %(word)s, as the level of %(by)s from a list that somebody else loaded") % words
    return (_("%(level)s, %(word)s, by %(by)s themselves") if one.by == Assessment.By.SELF
            else _("%(level)s, %(word)s, by the manager")) % words  # fmt: skip


@require_POST
@needs(VIEW)
def remove(request: HttpRequest, talk_id: UUID) -> HttpResponse:
    """Take a talk out again that one kept oneself."""
    actions.remove_talk(actor=actor_of(request), talk_id=talk_id)
    messages.success(request, _("The talk is taken out."))
    return back(request, "team:talks")


@require_POST
@needs(VIEW)
def topic(request: HttpRequest, topic_id: UUID) -> HttpResponse:
    """Settle, open again, share or take back what stands on the page of two."""
    actor, to = actor_of(request), request.POST.get("to", "")
    if to == "remove":
        actions.remove_topic(actor=actor, topic_id=topic_id)
    elif to == "share":
        actions.share_topic(actor=actor, topic_id=topic_id)
    else:
        actions.settle_topic(actor=actor, topic_id=topic_id, settled=to != "open")
    return back(request, "team:talks")
