"""Signing in and out, one's own account, people and access."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marops.domains.accounts import actions, queries, sign_in
from marops.domains.accounts.forms import (
    AgentForm,
    ArriveForm,
    ChangePasswordForm,
    FirstForm,
    ForgotForm,
    InviteForm,
    NewPasswordForm,
    RolesForm,
    SettingsForm,
    SignInForm,
    TokenForm,
)
from marops.domains.accounts.mail import link_url, send_invitation, send_reset, sends_mail
from marops.domains.accounts.models import Account, OneTimeLink
from marops.domains.accounts.permissions import MANAGE, TOKENS, VIEW, roles_in_force
from marops.domains.accounts.public import actor_of, needs
from marops.domains.accounts.queries import roles_of
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.errors import MaropsError
from marops.kernel.forms import add_problem, posted, problems_on
from marops.kernel.permissions import grants, may, rights
from marops.kernel.shell import Found, ObjectKind
from marops.kernel.workspace import set_up_workspace

_THEME_COOKIE = "marops_theme"
_YEAR = 365 * 24 * 3600
_GET_OR_POST = ("GET", "HEAD", "POST")


def _place(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _where_to(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    inside = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if inside and wanted.startswith("/") else "/"


def _me(request: HttpRequest) -> Account:
    user = request.user
    if not isinstance(user, Account):
        raise MaropsError("not-allowed", "Sign in first.")
    return user


@never_cache
@require_http_methods(_GET_OR_POST)
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Ask for address and password; the answer is the same for every kind of failure."""
    if request.user.is_authenticated:
        return redirect(_where_to(request))
    form = SignInForm(posted(request))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if account := _try(request, form.cleaned_data):
                    return _let_in(request, account)
                form.add_error(None, _("Address and password do not belong together."))
            except MaropsError as error:
                add_problem(form, error)
                status = error.kind.status
    return render(request, "accounts/sign_in.html", {"form": form, "next": _where_to(request)}, status=status)


def _try(request: HttpRequest, given: dict[str, str]) -> Account | None:
    sign_in.may_try(given["email"], _place(request))
    account = authenticate(request, email=given["email"], password=given["password"])
    if not isinstance(account, Account):
        sign_in.failed(given["email"], _place(request))
        return None
    return account


def _let_in(request: HttpRequest, account: Account, *, to: str = "") -> HttpResponse:
    login(request, account, backend="marops.domains.accounts.sign_in.ByEmail")
    forget = sign_in.who(account.email, _place(request))
    actions.note_sign_in(actor=Actor("human", str(account.id)), account_id=account.id, forget=forget[:1])
    response = redirect(to or _where_to(request))
    return _with_theme(response, account.theme) if account.theme else response


def _with_theme(response: HttpResponse, theme: str) -> HttpResponse:
    if theme in ("light", "dark"):
        response.set_cookie(_THEME_COOKIE, theme, max_age=_YEAR, samesite="Lax", secure=_https())
    else:
        response.delete_cookie(_THEME_COOKIE)
    return response


def _https() -> bool:
    return config().address.startswith("https://")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return redirect("sign-in")


@never_cache
@require_http_methods(_GET_OR_POST)
def forgot(request: HttpRequest) -> HttpResponse:
    """Ask for a link to a new password; says the same whether the account exists or not."""
    form = ForgotForm(posted(request))
    asked, status = False, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                sign_in.may_try(form.cleaned_data["email"], _place(request))
                sign_in.failed(form.cleaned_data["email"], _place(request))  # links are not to be had by the hundred
                _send_reset(form.cleaned_data["email"])
                asked, status = True, 200
            except MaropsError as error:
                add_problem(form, error)
                status = error.kind.status
    return render(request, "accounts/forgot.html", {"form": form, "asked": asked, "mails": sends_mail()}, status=status)


def _send_reset(email: str) -> None:
    if not sends_mail():
        return
    if made := actions.ask_reset(actor=sign_in.SIGN_IN, email=email):
        send_reset(*made)


@never_cache
@require_http_methods(_GET_OR_POST)
def welcome(request: HttpRequest, secret: str) -> HttpResponse:
    """Where every one-time link leads: choose a password and be signed in."""
    link = queries.open_link(secret, now())
    if link is None:
        return render(request, "accounts/link_used.html", status=410)
    form = _arrival_form(link, request)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _arrive(request, link, secret, form.cleaned_data)
            except MaropsError as error:
                add_problem(form, error)
                status = error.kind.status
    return render(request, "accounts/welcome.html", {"form": form, "link": link}, status=status)


_ARRIVAL_FORMS = {
    OneTimeLink.Purpose.FIRST: FirstForm,
    OneTimeLink.Purpose.INVITATION: ArriveForm,
    OneTimeLink.Purpose.RESET: NewPasswordForm,
}


def _arrival_form(link: OneTimeLink, request: HttpRequest) -> NewPasswordForm:
    kind = _ARRIVAL_FORMS[OneTimeLink.Purpose(link.purpose)]
    initial = {"name": link.account.name} if link.purpose == OneTimeLink.Purpose.INVITATION else {"zone": "UTC"}
    return kind(posted(request), account=link.account, initial=initial)


def _arrive(request: HttpRequest, link: OneTimeLink, secret: str, given: dict[str, Any]) -> HttpResponse:
    actor = Actor("human", str(link.account_id))
    about = {name: given[name] for name in ("name", "email") if name in given}
    account = actions.arrive(actor=actor, secret=secret, password=given["password"], **about)
    if link.purpose == OneTimeLink.Purpose.FIRST:
        set_up_workspace(actor=actor, name=given["company"], zone=given["zone"])
    return _let_in(request, account, to="/")


@require_http_methods(_GET_OR_POST)
def account_page(request: HttpRequest) -> HttpResponse:
    """One's own settings."""
    me = _me(request)
    initial = {name: getattr(me, name) for name in ("name", "zone", "language", "theme", "desk")}
    form = SettingsForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        with problems_on(form):
            actions.change_settings(actor=actor_of(request), account_id=me.id, **form.cleaned_data)
            messages.success(request, _("Your settings are kept."))
            return _with_theme(redirect("account"), form.cleaned_data["theme"])
    status = 422 if form.is_bound else 200
    held = roles_in_force()
    roles = [role for slug in roles_of(me) if (role := held.role(slug))]
    return render(request, "accounts/account.html", {"form": form, "me": me, "roles": roles}, status=status)


@require_http_methods(_GET_OR_POST)
def password_page(request: HttpRequest) -> HttpResponse:
    """One's own new password; all other sessions end."""
    me = _me(request)
    form = ChangePasswordForm(posted(request), account=me)
    if request.method == "POST" and form.is_valid():
        changed = actions.change_password(
            actor=actor_of(request), account_id=me.id, password=form.cleaned_data["password"]
        )
        update_session_auth_hash(request, changed)
        messages.success(request, _("Your password is changed. You are signed out everywhere else."))
        return redirect("account")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/password.html", {"form": form}, status=status)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep light or dark, for pages without scripts; back to where the reader was."""
    chosen = request.POST.get("theme", "")
    chosen = chosen if chosen in ("light", "dark") else ""
    actions.change_settings(actor=actor_of(request), account_id=_me(request).id, theme=chosen)
    back = request.META.get("HTTP_REFERER", "")
    inside = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return _with_theme(redirect(back if inside else "/"), chosen)


@never_cache
@require_http_methods(_GET_OR_POST)
@needs(TOKENS)
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own keys for programs; a new one is shown once."""
    me, actor = _me(request), actor_of(request)
    form = TokenForm(posted(request), held=grants(actor))
    secret, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            asked = {"name": given["name"], "rights_asked": given["rights"], "days": given["days"]}
            _made, secret = actions.make_token(actor=actor, **asked)
            form, status = TokenForm(held=grants(actor)), 200
    shown = {"form": form, "tokens": queries.own_tokens(me.id), "secret": secret, "now": now(), "rights": rights()}
    return render(request, "accounts/tokens.html", shown, status=status)


@never_cache
@require_http_methods(_GET_OR_POST)
@needs(TOKENS)
def agents(request: HttpRequest) -> HttpResponse:
    """The keys of the AI agents that work for one; a new one is shown once, with how the agent comes in."""
    me, actor, uses = _me(request), actor_of(request), queries.uses_of_ai()
    form = AgentForm(posted(request), uses=uses)
    secret, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            _made, secret = actions.make_token(actor=actor, rights_asked=[], **form.cleaned_data)
            form, status = AgentForm(uses=uses), 200
    keys = [(one, uses.get(one.ai_use, "")) for one in queries.own_tokens(me.id, agents=True)]
    shown = {
        "form": form, "keys": keys, "secret": secret, "now": now(), "uses": uses,
        "start": json.dumps({"command": "marops", "args": ["--home", str(config().home), "mcp"],
                             "env": {"MAROPS_AGENT_KEY": secret}}),
    }  # fmt: skip
    return render(request, "accounts/agents.html", shown, status=status)


@require_POST
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Stop a key from working."""
    row = actions.revoke_token(actor=actor_of(request), token_id=token_id)
    messages.success(request, _("The key “%(name)s” works no more.") % {"name": row.name})
    return redirect("agents" if row.ai_use else "tokens")


@require_safe
@needs(VIEW)
def access(request: HttpRequest) -> HttpResponse:
    """People and what they may do."""
    given = {name: request.GET.get(name, "") for name in ("role", "state")}
    found = queries.people(actor_of(request), words=request.GET.get("q", "").strip(), **given)
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    document = roles_in_force()
    titles = {role.slug: role.title for role in document.roles}
    rows = [(one, [titles.get(slug, slug) for slug in roles_of(one)], _state(one)) for one in page]
    filters = [
        {"key": "role", "label": _("Role"), "options": list(titles.items())},
        {
            "key": "state",
            "label": _("State"),
            "options": [("active", _("Active")), ("invited", _("Invited")), ("inactive", _("Locked out"))],
        },
    ]
    shown = {"page": page, "rows": rows, "filters": filters, "manages": may(actor_of(request), MANAGE)}
    return render(request, "accounts/access.html", shown | {"answer": _answer()})


def _answer() -> str:
    active = Account.objects.filter(active=True).count()
    bosses = queries.administrators().count()
    people = ngettext("One person may sign in", "%(count)s people may sign in", active) % {"count": active}
    return f"{people}; " + ngettext("one may give access.", "%(count)s may give access.", bosses) % {"count": bosses}


def _state(account: Account) -> tuple[str, str]:
    if not account.active:
        return _("locked out"), "retired"
    return (_("active"), "good") if account.last_login else (_("invited"), "info")


@require_http_methods(_GET_OR_POST)
@needs(MANAGE)
def invite_page(request: HttpRequest) -> HttpResponse:
    """Invite somebody: by mail where this installation sends mail, else by a link to hand over."""
    form = InviteForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with problems_on(form):
            return _invited(request, form.cleaned_data)
    status = 422 if form.is_bound else 200
    return render(request, "accounts/invite.html", {"form": form, "mails": sends_mail()}, status=status)


def _invited(request: HttpRequest, given: dict[str, Any]) -> HttpResponse:
    more = {"manager_id": given["manager"].id if given["manager"] else None, "unit": given["unit"]}
    account, secret = actions.invite(
        actor=actor_of(request), email=given["email"], name=given["name"], roles=given["roles"], **more
    )
    send_invitation(account, secret, by=_me(request).name)
    return _show_link(request, account, secret)


def _show_link(request: HttpRequest, account: Account, secret: str) -> HttpResponse:
    given = {"account": account, "url": link_url(secret), "mailed": sends_mail()}
    return render(request, "accounts/link.html", given)


@require_http_methods(_GET_OR_POST)
@needs(VIEW)
def person(request: HttpRequest, ref: str) -> HttpResponse:
    """One person: what they may do, and for administrators the form to change it."""
    actor = actor_of(request)
    one = queries.person(actor, ref)
    manages = may(actor, MANAGE)
    initial = {"roles": roles_of(one), "manager": one.manager_id, "unit": one.unit}
    form = RolesForm(posted(request), account=one, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        more = {"manager_id": given["manager"].id if given["manager"] else None, "unit": given["unit"]}
        try:
            actions.give_roles(actor=actor, account_id=one.id, roles=given["roles"], **more)
            messages.success(request, _("What %(name)s may do is changed.") % {"name": one.name})
            return redirect("access-person", ref=one.ref)
        except MaropsError as error:
            if error.code == "not-allowed":
                raise
            add_problem(form, error)
    document = roles_in_force()
    shown = {
        "one": one,
        "state": _state(one),
        "form": form,
        "manages": manages,
        "roles": [role for slug in roles_of(one) if (role := document.role(slug))],
        "tokens": queries.own_tokens(one.id, agents=None) if manages else [],
        "now": now(),
    }
    return render(request, "accounts/person.html", shown, status=422 if form.is_bound else 200)


@require_POST
@needs(MANAGE)
def person_link(request: HttpRequest, ref: str) -> HttpResponse:
    """A fresh link to hand over: an invitation, or a new password."""
    actor = actor_of(request)
    one = queries.person(actor, ref)
    return _show_link(request, one, actions.make_link(actor=actor, account_id=one.id))


@require_POST
@needs(MANAGE)
def person_active(request: HttpRequest, ref: str) -> HttpResponse:
    """Lock somebody out, or let them in again."""
    actor = actor_of(request)
    one = queries.person(actor, ref)
    change = actions.deactivate if one.active else actions.reactivate
    change(actor=actor, account_id=one.id)
    said = _("%(name)s is locked out.") if one.active else _("%(name)s may come in again.")
    messages.success(request, said % {"name": one.name}, extra_tags=f"undo:{request.path}")
    return redirect("access-person", ref=one.ref)


@require_safe
@needs(VIEW)
def roles(request: HttpRequest) -> HttpResponse:
    """The matrix of roles and rights, made to be printed."""
    return render(request, "accounts/roles.html", _matrix())


def _matrix() -> dict[str, Any]:
    held, domains = queries.matrix()
    return {"roles": held, "domains": domains, "columns": len(held) + 1}


def _find_roles(actor: Actor, object_id: str) -> Found | None:
    if not may(actor, VIEW):
        return None
    return Found(_("Roles and rights"), reverse("access-roles"))


def _frozen_roles(actor: Actor, object_id: str) -> str:
    return render_to_string("accounts/roles_table.html", _matrix())


ROLES_AS_OBJECT = ObjectKind(gettext_lazy("Roles and rights"), _find_roles, personal=False, frozen=_frozen_roles)
