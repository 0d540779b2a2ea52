from django.urls import path

from marops.domains.consent.pages import choices

app_name = "consent"

urlpatterns = [
    path("preferences/<str:token>", choices.preferences, name="preferences"),
    path("unsubscribe/<str:token>", choices.unsubscribe, name="unsubscribe"),
    path("confirm/<str:token>", choices.confirm_page, name="confirm-consent"),
]
