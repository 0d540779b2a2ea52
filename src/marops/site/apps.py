from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "marops.site"
    label = "site"
    verbose_name = "Site"
