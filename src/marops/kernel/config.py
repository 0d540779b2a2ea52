"""Settings of an installation: `marops.toml` in the workspace folder, overridden by MAROPS_* variables."""

import contextlib
import os
import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from marops.kernel.errors import MaropsError, problem

BAD_SETTING = problem(
    "setting-invalid",
    "A setting has a value that cannot be used",
    status=400,
    remedy="Correct it in marops.toml or in the environment; `marops settings` lists all of them.",
)
HOME_UNUSABLE = problem(
    "home-unusable",
    "The workspace folder cannot be used",
    status=500,
    remedy="Choose a folder you may write to, with --home or MAROPS_HOME.",
)


DEFAULT_HOME = Path("marops-data")


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting, with its default. `docs/reference/settings.md` explains each."""

    home: Path = DEFAULT_HOME
    database_url: str = ""
    lake_path: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    secret_key: str = ""
    debug: bool = False
    web_workers: int = 1
    tick_seconds: float = 1.0
    engines: int = 0
    fsync: bool = True
    mail_url: str = ""
    mail_from: str = "marops@localhost"
    rest_rate: int = 1200
    agent_rate: int = 120
    ai_draft_days: int = 730
    ai_trail_days: int = 0
    visitor_rate: int = 60
    intake_rate: int = 2000
    webhook_hosts: str = ""
    backup_folder: str = ""
    backup_keep: int = 0
    erasures_log: str = ""

    @property
    def backups(self) -> Path:
        """The folder of backups made by the page and by schedule."""
        return Path(self.backup_folder) if self.backup_folder else self.home / "backups"

    @property
    def lake(self) -> str:
        """Where the lake's Parquet files live: a folder of the workspace unless an object store is set."""
        return self.lake_path or str(self.home / "lake")

    @property
    def address(self) -> str:
        """The address people type, without a trailing slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


def _truth(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off", ""):
        return False
    raise ValueError("say yes or no")


_READERS: dict[type, Callable[[str], Any]] = {bool: _truth, int: int, float: float, Path: Path, str: str}


def _read(name: str, kind: type, value: Any) -> Any:
    try:
        return _READERS[kind](value) if isinstance(value, str) else kind(value)
    except (TypeError, ValueError) as error:
        raise MaropsError(BAD_SETTING, f"{name} = {value!r}: {error}") from None


def read_config(environment: Mapping[str, str], *, home: Path | None = None) -> Config:
    """The settings as given by `environment` and the workspace's `marops.toml`; the environment wins.

    A setting NAME may be given as MAROPS_NAME or, for secrets kept in files, as MAROPS_NAME_FILE.
    Raises MaropsError `setting-invalid` for unknown names in the file and values of the wrong kind.
    """
    kinds: dict[str, Any] = {f.name: f.type for f in fields(Config)}
    folder = (home or Path(environment.get("MAROPS_HOME") or DEFAULT_HOME)).expanduser().absolute()
    given: dict[str, Any] = _from_file(folder / "marops.toml", kinds)
    for name in kinds:
        variable = "MAROPS_" + name.upper()
        if variable in environment:
            given[name] = environment[variable]
        elif variable + "_FILE" in environment:
            given[name] = Path(environment[variable + "_FILE"]).read_text().strip()
    given["home"] = folder
    _check_address(str(given.get("database_url", "")))
    return Config(**{name: _read(name, kinds[name], value) for name, value in given.items()})


def _check_address(database_url: str) -> None:
    """A database address that cannot even be read is refused at once, without showing it: it may hold a password."""
    if not database_url:
        return
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo

    try:
        make_conninfo(database_url)
    except ProgrammingError:
        detail = "database_url is no address of a PostgreSQL, such as postgresql://user:password@host/database"
        raise MaropsError(BAD_SETTING, detail) from None


def _from_file(path: Path, kinds: Mapping[str, Any]) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise MaropsError(BAD_SETTING, f"{path.name} cannot be read: {error}") from None
    for name in values:
        if name not in kinds:
            raise MaropsError(BAD_SETTING, f"{path.name} has a setting that does not exist: {name}")
    return values


@cache
def config() -> Config:
    """The settings of this process. Before `prepare_home` has run, the secret is one of this process alone."""
    found = read_config(os.environ)
    kept = found.home / "secret.key"
    secret = found.secret_key or (kept.read_text().strip() if kept.exists() else secrets.token_urlsafe(48))
    return replace(found, secret_key=secret)


def prepare_home(home: Path) -> None:
    """Make the workspace folder and the installation's secret, which only its owner may read.

    Raises MaropsError `home-unusable`.
    """
    path, draft = home / "secret.key", home / f".secret-{os.getpid()}"
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48))
            # A link appears whole or not at all, so two first starts agree on one secret.
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
    except OSError as error:
        raise MaropsError(HOME_UNUSABLE, f"{home}: {error.strerror}") from None
