from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "marops.domains.policy"
    label = "policy"
    verbose_name = "AI policy"

    def ready(self) -> None:
        from marops.domains.accounts.public import ai_rights_come_from
        from marops.domains.policy import jobs, metrics, stages  # noqa: F401  # registers jobs and figures
        from marops.domains.policy.queries import disclosures, enforcing, policies, refused, uses
        from marops.domains.policy.queries.entering import policy_enters
        from marops.domains.policy.rules.disclosing import Disclosure
        from marops.domains.policy.rules.document import AiPolicy
        from marops.domains.policy.rules.uses import AiUse
        from marops.kernel import gates, personal, ports
        from marops.kernel.definitions import Kind, approvals_come_from, register_kind
        from marops.kernel.permissions import refusals_are_noted_by

        register_kind(Kind(policies.KIND, "AI policy", AiPolicy, check=policies.document_faults, enters=policy_enters))
        register_kind(Kind(uses.KIND, "Use of AI", AiUse, reserved=frozenset({"new"})))
        register_kind(Kind(disclosures.KIND, "Disclosure", Disclosure))
        ai_rights_come_from(uses.rights_of_use)
        approvals_come_from(enforcing.approvals_of, enforcing.barred_from)
        gates.gate("ai-policy", enforcing.ask, effects=["*"])
        refusals_are_noted_by(refused.note)
        personal.place("ai_draft", "content", "key", "what AI handed in")
        for column in ("title", "subject", "outcome"):
            personal.place("ai_draft", column, "blank", "what AI handed in")
        ports.day_turns.fill("ai-trail", stages.day_turn)
        self._shell()

    @staticmethod
    def _shell() -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.policy.permissions import VIEW
        from marops.kernel import ports, shell

        words = "ai artificial intelligence rules allowed gate never one page governance"
        entry = shell.NavEntry("decide", _("AI policy"), "policy:page", VIEW, words=words)
        ports.navigation.fill("policy", entry, order=30)
        ask = shell.Command(_("Ask what AI may do"), "policy:what-if", VIEW, words="may ai allowed check")
        shell.commands.fill("policy-what-if", ask)
        from marops.domains.policy import desk

        ports.desk.fill("ai-policy", desk.needs)
        shell.objects.fill("ai_policy", shell.ObjectKind(_("AI policy"), desk.find_policy, personal=False))
