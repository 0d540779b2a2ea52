from django.urls import path

from marops.connectors.assistant import pages

app_name = "assistant"

urlpatterns = [
    path("ai/provider", pages.provider, name="provider"),
    path("ai/provider/entries", pages.entries, name="entries"),
    path("ai/provider/trial", pages.trial, name="trial"),
    path("ai/provider/remove", pages.remove, name="remove"),
    path("ai/draft", pages.draft, name="draft"),
    path("ai/words", pages.words, name="words"),
    path("ai/summary", pages.summary, name="summary"),
    path("ai/columns/<uuid:file_id>", pages.columns, name="columns"),
    path("ai/asked/<ref>", pages.asked, name="asked"),
]
