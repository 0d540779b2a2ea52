"""Django's settings, all read from the installation's `Config`."""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marops.kernel.config import config
from marops.store.address import database_settings

CONFIG = config()
_SITE = Path(__file__).resolve().parent

SECRET_KEY = CONFIG.secret_key
DEBUG = CONFIG.debug
ALLOWED_HOSTS = [urlsplit(CONFIG.address).hostname or "localhost", "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [CONFIG.address]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "marops.kernel",
    "marops.engine",
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
    "marops.connectors.hubspot",
    "marops.connectors.marketo",
    "marops.connectors.salesforce",
    "marops.connectors.webhooks",
    "marops.connectors.assistant",
    "marops.connectors.enrichment",
    "marops.site",
    "marops.sample",
]
MIDDLEWARE = [
    "marops.site.middleware.security_headers",
    "marops.site.limits.rest_limits",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "marops.site.middleware.sign_in_required",
    "marops.site.middleware.readers_zone",
    "marops.site.middleware.problems_in_words",
]
ROOT_URLCONF = "marops.site.urls"
WSGI_APPLICATION = "marops.site.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_SITE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "marops.site.shell.context",
            ],
        },
    }
]

# `default` may write rows; `owner` may also change tables, and is used by migrations alone.
DATABASES = {
    "default": database_settings(CONFIG.home, CONFIG.database_url, role="marops_app"),
    "owner": database_settings(CONFIG.home, CONFIG.database_url, role="marops_owner"),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Unique by lower(email), a constraint that the check does not know.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = ["marops.domains.accounts.sign_in.ByEmail"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"

_HTTPS = CONFIG.address.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "marops_session", "marops_csrf"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_TEMP_DIR = None

LANGUAGE_CODE = "en-gb"
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True
APPEND_SLASH = False

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
# The bundles' names carry a hash of what is in them, so a browser may keep them for ever.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+[-.][A-Z0-9]{8}\..+$"
WHITENOISE_AUTOREFRESH = DEBUG

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"err": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}},
    "root": {"handlers": ["err"], "level": "WARNING"},
    "loggers": {"marops": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}
