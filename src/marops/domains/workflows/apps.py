from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "marops.domains.workflows"
    label = "workflows"
    verbose_name = "Workflows"

    def ready(self) -> None:
        from marops.domains.workflows.rules.crew import Crew
        from marops.domains.workflows.rules.document import Workflow
        from marops.domains.workflows.rules.faults import faults_of_crew, faults_of_workflow
        from marops.domains.workflows.rules.scenario import Scenario
        from marops.kernel.definitions import Kind, register_kind

        reserved = frozenset({"new", "import", "logs", "crews", "scenarios", "templates"})
        register_kind(
            Kind("workflow", "Workflow", Workflow, check=faults_of_workflow, four_eyes=False, reserved=reserved)
        )
        register_kind(Kind("crew", "Crew", Crew, check=faults_of_crew, four_eyes=False, reserved=reserved))
        register_kind(Kind("scenario", "Scenario", Scenario, four_eyes=False, reserved=reserved))
