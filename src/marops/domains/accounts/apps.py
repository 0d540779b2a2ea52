from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "marops.domains.accounts"
    label = "accounts"
    verbose_name = "Accounts"
