from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "marops.domains.workflows"
    label = "workflows"
    verbose_name = "Workflows"

    def ready(self) -> None:
        from marops.domains.workflows import jobs  # noqa: F401  # registers the reading of logs
        from marops.domains.workflows.rules.crew import Crew
        from marops.domains.workflows.rules.document import Workflow
        from marops.domains.workflows.rules.faults import faults_of_crew, faults_of_workflow
        from marops.domains.workflows.rules.scenario import Scenario
        from marops.kernel import personal
        from marops.kernel.definitions import Kind, register_kind

        personal.place("event_log", "title", "blank", "the title of a log")
        personal.place("event_log", "file_name", "blank", "the name of a log's file")
        personal.place("event_log", "mapping", "tell", "a column of a log bears the person's name:")
        personal.place("log_name", "name", "blank", "what a case, an activity or somebody in a log is called")
        personal.place("log_discovery", "found", "tell", "what was found in a log names the person:")
        reserved = frozenset({"new", "import", "logs", "crews", "scenarios", "templates"})
        register_kind(
            Kind("workflow", "Workflow", Workflow, check=faults_of_workflow, four_eyes=False, reserved=reserved)
        )
        register_kind(Kind("crew", "Crew", Crew, check=faults_of_crew, four_eyes=False, reserved=reserved))
        register_kind(Kind("scenario", "Scenario", Scenario, four_eyes=False, reserved=reserved))
