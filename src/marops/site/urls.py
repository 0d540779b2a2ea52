"""Which page answers which address: the kernel's own pages, then what each domain brings, then REST."""

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import TemplateView

from marops.site import engine_page, metric_pages, pages, review_pages
from marops.site.metric_rest import router as metric_router
from marops.site.rest import api, mount, openapi

# Who may bring pages (`urls.py`) and REST (`rest.py`); those without the file are passed over.
PARTS = (
    "marops.domains.accounts",
    "marops.domains.team",
    "marops.domains.register",
    "marops.domains.policy",
    "marops.domains.contacts",
    "marops.domains.consent",
    "marops.domains.pipeline",
    "marops.domains.capture",
    "marops.domains.scoring",
    "marops.domains.routing",
    "marops.domains.workflows",
    "marops.connectors.webhooks",
    "marops.connectors.assistant",
    "marops.engine",
    "marops.site.backups",
    "marops.sample",
)


def _domains() -> list[URLResolver]:
    return [path("", include(f"{name}.urls")) for name in PARTS if find_spec(f"{name}.urls")]


def _parts_page() -> list[URLPattern]:
    """Every part of the interface on one page, for those who build pages."""
    if not settings.DEBUG:
        return []
    return [
        path("parts", TemplateView.as_view(template_name="parts.html"), name="parts"),
        path("parts/because", TemplateView.as_view(template_name="parts_because.html"), name="parts-because"),
    ]


mount(PARTS)
api.add_router("", metric_router)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.desk, name="desk"),
    path("desk/<str:role>", pages.desk_of, name="desk-of"),
    path("healthz", pages.healthz, name="healthz"),
    path("search", pages.search, name="search"),
    path("jobs", pages.jobs, name="jobs"),
    path("jobs/<str:ref>", pages.job, name="job"),
    path("jobs/<str:ref>/progress", pages.job_progress, name="job-progress"),
    path("jobs/<str:ref>/stop", pages.job_stop, name="job-stop"),
    path("jobs/<str:ref>/resume", pages.job_resume, name="job-resume"),
    path("problems", pages.problems, name="problems"),
    path("problems/<uuid:problem_id>/resolve", pages.problem_resolve, name="problem-resolve"),
    path("metrics", metric_pages.metrics, name="metrics"),
    path("metrics/<str:name>", metric_pages.metric, name="metric"),
    path("definitions", review_pages.definitions, name="definitions"),
    path("definitions/<slug:kind>/<slug:slug>/<int:version>", review_pages.definition, name="definition"),
    path("definitions/<slug:kind>/<slug:slug>/<int:version>/ask", review_pages.ask, name="definition-ask"),
    path("engine", engine_page.engine, name="engine"),
    path("notices", pages.notices, name="notices"),
    # Before the line below, which would take it for the comments of an object.
    path("comments/<uuid:comment_id>/delete", pages.comment_delete, name="comment-delete"),
    path("comments/<str:object_type>/<str:object_id>", pages.comments, name="comments"),
    path("history/<str:object_type>/<str:object_id>", pages.history, name="history"),
    path("files/<uuid:file_id>", pages.file, name="file"),
    path("shares", pages.shares, name="shares"),
    path("shares/<uuid:share_id>/revoke", pages.share_revoke, name="share-revoke"),
    path("share/<str:object_type>/<str:object_id>", pages.share, name="share"),
    path("shared/<str:secret>", pages.shared, name="shared"),
    *_domains(),
    *_parts_page(),
    path("api/v1/openapi.json", openapi, name="openapi"),
    path("api/v1/", api.urls),
]

handler400 = "marops.site.pages.bad_request"
handler403 = "marops.site.pages.forbidden"
handler404 = "marops.site.pages.missing"
handler500 = "marops.site.pages.broken"
