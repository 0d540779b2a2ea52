from django.urls import path

from marops.domains.routing import pages, route_pages, sales_pages, trace_pages

app_name = "routing"

urlpatterns = [
    path("trace", trace_pages.page, name="trace"),
    path("trace/leads", trace_pages.leads, name="trace-leads"),
    path("trace/<ref>", trace_pages.complaint, name="complaint"),
    path("trace/<ref>/draft", trace_pages.draft, name="complaint-draft"),
    path("leads", pages.leads, name="leads"),
    path("leads/<ref>", pages.lead, name="lead"),
    path("leads/<ref>/because/<section>", pages.because, name="because"),
    path("leads/<ref>/owner", pages.hand_over, name="hand-over"),
    path("leads/<ref>/disposition", sales_pages.dispose, name="dispose"),
    path("leads/<ref>/touch", sales_pages.touch, name="touch"),
    path("hand-over", sales_pages.hand_over_many, name="hand-over-many"),
    path("queues", sales_pages.queues, name="queues"),
    path("queues/new", sales_pages.new_queue, name="queue-new"),
    path("queues/<slug:slug>", sales_pages.queue, name="queue"),
    path("queues/<slug:slug>/change", sales_pages.change_queue, name="queue-change"),
    path("queues/<slug:slug>/take", sales_pages.take, name="take"),
    path("routes", route_pages.routes, name="routes"),
    path("routes/<slug:slug>", route_pages.route, name="route"),
    path("routes/<slug:slug>/edit", route_pages.edit, name="route-edit"),
    path("routes/<slug:slug>/text", route_pages.edit_text, name="route-text"),
    path("routes/<slug:slug>/simulate", route_pages.simulate, name="route-simulate"),
    path("routes/<slug:slug>/<int:version>/activate", route_pages.put_in_force, name="route-activate"),
]
