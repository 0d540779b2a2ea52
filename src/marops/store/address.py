"""Where PostgreSQL is: the embedded server of a workspace, or the one a URL names."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from psycopg.conninfo import conninfo_to_dict, make_conninfo


def dsn(home: Path, database_url: str, *, role: str) -> str:
    """A libpq connection string for `role`; a URL's own user stands for all roles."""
    if database_url:
        return make_conninfo(database_url)
    from marops.store.embedded import EmbeddedServer

    return EmbeddedServer(home).dsn(role)


def database_settings(home: Path, database_url: str, *, role: str) -> dict[str, Any]:
    """The same address as Django's DATABASES entry."""
    found = conninfo_to_dict(dsn(home, database_url, role=role))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": found.pop("dbname", "marops"),
        "USER": found.pop("user", ""),
        "PASSWORD": found.pop("password", ""),
        "HOST": found.pop("host", ""),
        "PORT": found.pop("port", ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {key: value for key, value in found.items() if value is not None},
        "TEST": {"MIRROR": None},
    }


def location(database_url: str) -> str:
    """The server in words, without its password."""
    if not database_url:
        return "embedded"
    parts = urlsplit(database_url)
    host = parts.hostname or dict(parse_qsl(parts.query)).get("host", "local")
    return f"{host}/{unquote(parts.path.lstrip('/'))}"
