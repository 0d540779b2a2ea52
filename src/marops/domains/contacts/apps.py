from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "marops.domains.contacts"
    label = "contacts"
    verbose_name = "Contacts"
