from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "marops.domains.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.accounts import pages, queries
        from marops.domains.accounts.permissions import MANAGE, VIEW, grants_of
        from marops.domains.accounts.rules import AccessDocument, shipped_roles
        from marops.kernel import permissions, ports, shell
        from marops.kernel.definitions import ACTIVATE, Kind, Starter, register_kind, reviewers_come_from

        permissions.rights_come_from(grants_of)
        reviewers_come_from(lambda actor: queries.others_who_may(actor, ACTIVATE))
        register_kind(Kind("access", "Access roles", AccessDocument, check=queries.faults_of_roles))
        document = shipped_roles().model_dump(mode="json")
        reason = "The access roles every workspace starts with: one per team role, and the administrator."
        ports.starters.fill("accounts", [Starter("access", "roles", document, reason)], order=10)
        entry = shell.NavEntry("set_up", _("Access"), "access", VIEW, words="people colleagues roles invite rights")
        ports.navigation.fill("accounts", entry, order=30)
        ports.search.fill("accounts", queries.search_people, order=80)
        shell.commands.fill("invite", shell.Command(_("Invite somebody"), "access-invite", MANAGE, icon="plus"))
        shell.commands.fill("tokens", shell.Command(_("Make a key for a program"), "tokens", "tokens.make"))
        agents = shell.Command(_("Make a key for an AI agent"), "agents", "tokens.make", words="mcp assistant")
        shell.commands.fill("agents", agents)
        shell.objects.fill("account", shell.ObjectKind(_("Person"), queries.find_person, remarks=False))
        shell.objects.fill("access", pages.ROLES_AS_OBJECT)
