"""Addresses of signing in, one's own account, and access."""

from django.urls import path

from marops.domains.accounts import pages

urlpatterns = [
    path("sign-in", pages.sign_in_page, name="sign-in"),
    path("sign-out", pages.sign_out, name="sign-out"),
    path("forgot", pages.forgot, name="forgot"),
    path("welcome/<str:secret>", pages.welcome, name="welcome"),
    path("account", pages.account_page, name="account"),
    path("account/password", pages.password_page, name="password"),
    path("account/theme", pages.theme, name="theme"),
    path("account/tokens", pages.tokens, name="tokens"),
    path("account/agents", pages.agents, name="agents"),
    path("account/tokens/<uuid:token_id>/revoke", pages.revoke, name="token-revoke"),
    path("access", pages.access, name="access"),
    path("access/invite", pages.invite_page, name="access-invite"),
    path("access/roles", pages.roles, name="access-roles"),
    path("access/<str:ref>", pages.person, name="access-person"),
    path("access/<str:ref>/link", pages.person_link, name="access-link"),
    path("access/<str:ref>/active", pages.person_active, name="access-active"),
]
