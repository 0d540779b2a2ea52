from django.urls import path

from marops.domains.consent.pages import choices, people, requests, setting

app_name = "consent"

urlpatterns = [
    path("preferences/<str:token>", choices.preferences, name="preferences"),
    path("unsubscribe/<str:token>", choices.unsubscribe, name="unsubscribe"),
    path("confirm/<str:token>", choices.confirm_page, name="confirm-consent"),
    path("privacy", requests.privacy, name="privacy"),
    path("privacy/new", requests.new, name="request-new"),
    path("privacy/requests/<str:ref>", requests.one_request, name="request"),
    path("privacy/requests/<str:ref>/identity", requests.identity, name="request-identity"),
    path("privacy/requests/<str:ref>/answer", requests.answer, name="request-answer"),
    path("privacy/requests/<str:ref>/do", requests.do, name="request-do"),
    path("privacy/proofs/<str:ref>", requests.proof, name="proof"),
    path("privacy/people/<str:ref>", people.person, name="person"),
    path("privacy/people/<str:ref>/word", people.word, name="word"),
    path("privacy/people/<str:ref>/ask", people.ask, name="ask"),
    path("privacy/people/<str:ref>/limit", people.limit, name="limit"),
    path("privacy/purposes", setting.purposes_page, name="purposes"),
    path("privacy/purposes/new", setting.make, {"kind": "purpose"}, name="purpose-new"),
    path("privacy/purposes/<slug:slug>", setting.change, {"kind": "purpose"}, name="purpose"),
    path("privacy/regimes", setting.regimes_page, name="regimes"),
    path("privacy/retention", setting.retentions, name="retentions"),
    path("privacy/retention/new", setting.make, {"kind": "retention"}, name="retention-new"),
    path("privacy/retention/<slug:slug>", setting.change, {"kind": "retention"}, name="retention"),
    path("privacy/retention/<slug:slug>/run", setting.run_retention, name="retention-run"),
    path("privacy/record", setting.record, name="record"),
]
