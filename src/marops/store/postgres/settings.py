"""The server's settings: sized to the machine, quick at bulk loads, and silent about people in the log."""

import os
import shutil
from pathlib import Path

MEGABYTE = 1024 * 1024
FILE_NAME = "marops.conf"
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - asked for its size only
OWN_SETTINGS = "postgres.conf"
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory_bytes() -> int:
    """What this process may use: the machine's memory, or less if a container limits it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in _CGROUP_LIMITS:
        try:
            memory = min(memory, int(file.read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return memory


def settings(data: Path, *, fsync: bool) -> dict[str, str]:
    """The settings a host may override in ``postgres.conf`` of the workspace folder."""
    memory = memory_bytes() // MEGABYTE
    free = shutil.disk_usage(data).free // MEGABYTE
    chosen = {
        "max_connections": "120",
        "shared_buffers": f"{max(32, min(256, memory // 8))}MB",
        "effective_cache_size": f"{max(128, memory // 2)}MB",
        "work_mem": f"{max(4, min(16, memory // 128))}MB",
        "maintenance_work_mem": f"{max(32, min(256, memory // 16))}MB",
        "dynamic_shared_memory_type": "posix" if _roomy_shared_memory() else "mmap",
        # no replication: tables filled in the transaction that made them need no log
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "wal_buffers": f"{max(4, min(64, memory // 64))}MB",  # a tick writes hundreds of megabytes of it
        "max_wal_size": f"{max(128, min(4096, free // 8))}MB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "datestyle": "'iso, ymd'",
        "log_line_prefix": "'%m [%p] %q%u@%d '",
        # a failed statement and the detail of a violated key show people's addresses
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_checkpoints": "off",
    }
    if not fsync:
        # commits stay synchronous: a killed server must lose nothing in a test either
        chosen |= {"fsync": "off", "full_page_writes": "off", "autovacuum_naptime": "1h"}
    return chosen


def write_settings(data: Path, *, fsync: bool, uid: int, gid: int) -> None:
    """Writes the generated settings into the data folder, where ``postgresql.conf`` includes them."""
    lines = ["# Written at every start; put your own settings into postgres.conf in the workspace folder."]
    lines += [f"{name} = {value}" for name, value in settings(data, fsync=fsync).items()]
    if (data.parent / OWN_SETTINGS).exists():
        lines.append(f"include_if_exists = '../{OWN_SETTINGS}'")
    fresh = data / f"{FILE_NAME}.new"
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.chown(fresh, uid, gid)
    fresh.rename(data / FILE_NAME)


def fixed_arguments(socket_folder: Path) -> list[str]:
    """Who may reach the server is not a matter of taste: given on the command line, which no file overrides."""
    chosen = {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": f'"{socket_folder}"',
        "unix_socket_permissions": "0700",
        "logging_collector": "off",
        "log_destination": "stderr",
        "ssl": "off",
    }
    return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]


def _roomy_shared_memory() -> bool:
    """Containers often get 64 MB, which one parallel query fills."""
    try:
        return shutil.disk_usage(SHARED_MEMORY).free > 256 * MEGABYTE
    except OSError:
        return False
