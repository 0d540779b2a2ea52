from collections.abc import Callable
from typing import Any

from django.apps import AppConfig


def _paper(name: str) -> Callable[..., Any]:
    """A function of the pages of papers, which load with the addresses and not when the program starts."""

    def call(*given: Any) -> Any:
        from marops.domains.workflows.pages import papers

        return getattr(papers, name)(*given)

    return call


class WorkflowsConfig(AppConfig):
    name = "marops.domains.workflows"
    label = "workflows"
    verbose_name = "Workflows"

    def ready(self) -> None:
        self._definitions()
        self._shell()

    @staticmethod
    def _definitions() -> None:
        from marops.domains.team.public import passed_on as team_passed_on
        from marops.domains.workflows import decided, jobs, metrics, promised, queries, questions  # noqa: F401  # registers
        from marops.domains.workflows.reading.passing import passed_on
        from marops.domains.workflows.rules.crew import Crew
        from marops.domains.workflows.rules.document import Workflow
        from marops.domains.workflows.rules.faults import faults_of_crew, faults_of_workflow
        from marops.domains.workflows.rules.scenario import Scenario
        from marops.domains.workflows.warming import keep_warm
        from marops.kernel import personal, ports
        from marops.kernel.definitions import Kind, register_kind

        personal.place("event_log", "title", "blank", "the title of a log")
        personal.place("event_log", "file_name", "blank", "the name of a log's file")
        personal.place("event_log", "mapping", "tell", "a column of a log bears the person's name:")
        personal.place(
            "log_name", "name", "blank", "what a case, an activity or somebody in a log is called", key="log_id"
        )
        personal.place("log_discovery", "found", "tell", "what was found in a log names the person:")
        personal.place("workflow_answer", "answer", "tell", "what simulation answered names the person:")
        personal.place("workflow_answer", "asked", "tell", "a scenario that was simulated names the person:")
        personal.place("job", "arguments", "tell", "what a job was asked, as by a scenario, names the person:")
        ports.beside.fill("simulation", keep_warm)
        team_passed_on.fill("tasks", passed_on, order=10)
        reserved = frozenset({"new", "import", "logs", "crews", "scenarios", "templates"})
        register_kind(
            Kind("workflow", "Workflow", Workflow, check=faults_of_workflow, four_eyes=False, reserved=reserved)
        )
        register_kind(
            Kind(
                "crew", "Crew", Crew, check=faults_of_crew, four_eyes=False, reserved=reserved, seen=queries.without_pay
            )
        )
        register_kind(Kind("scenario", "Scenario", Scenario, four_eyes=False, reserved=reserved))

    @staticmethod
    def _shell() -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.team.public import at_hand, grown
        from marops.domains.workflows import desk
        from marops.domains.workflows.permissions import CHANGE, VIEW
        from marops.kernel import ports, shell

        words = "process map bottleneck simulation scenario hire redesign"
        entry = shell.NavEntry("operate", _("Workflows"), "workflows:workflows", VIEW, words=words)
        ports.navigation.fill("workflows", entry, order=10)
        templates = shell.Command(_("Begin with a template of a workflow"), "workflows:templates", CHANGE)
        shell.commands.fill("workflow-templates", templates)
        shell.commands.fill("workflow-new", shell.Command(_("Draw a workflow"), "workflows:new", CHANGE))
        shell.commands.fill("workflow-crews", shell.Command(_("Change a crew"), "workflows:crews", CHANGE))
        shell.commands.fill("workflow-scenarios", shell.Command(_("Scenarios"), "workflows:scenarios", VIEW))
        words = "log csv xes ocel bpmn discover upload"
        import_log = shell.Command(_("Import a log of work"), "workflows:import", CHANGE, words=words)
        shell.commands.fill("workflow-import", import_log)
        shell.objects.fill("event_log", shell.ObjectKind(_("Log of work"), desk.find_event_log))
        ports.search.fill("workflows", desk.search_workflows, order=60)
        shell.objects.fill("workflow", shell.ObjectKind(_("Workflow"), desk.find_workflow, personal=False))
        page = shell.ObjectKind(_("Workflow page"), _paper("find_brief"), personal=False, frozen=_paper("frozen_brief"))
        shell.objects.fill("workflow-brief", page)
        find, frozen = _paper("find_comparison"), _paper("frozen_comparison")
        compared = shell.ObjectKind(_("Scenarios compared"), find, personal=False, frozen=frozen)
        shell.objects.fill("workflow-comparison", compared)
        at_hand.fill("workflows", desk.to_learn_from)
        grown.fill("comparisons", desk.compared)
        shell.moves.fill("workflow", desk.move)
        from marops.domains.team.public import effect_of_opening as port
        from marops.domains.workflows.openings import effect_of_opening

        port.fill("workflows", effect_of_opening)
        from marops.domains.team.public import answers_for

        answers_for.fill("workflows", desk.answered_for, order=40)
