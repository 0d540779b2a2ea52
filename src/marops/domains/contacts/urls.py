from django.urls import path

from marops.domains.contacts import pages

app_name = "contacts"

urlpatterns = [
    path("companies", pages.company_list, name="companies"),
    path("companies/<ref>", pages.company, name="company"),
]
