"""Which file is what: a diagram alone, a Prosimos model as two files, a folder or a zip, and that model as one zip."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from marops.domains.workflows.exchange.bpmn import read_diagram
from marops.domains.workflows.exchange.documents import Read, finished
from marops.domains.workflows.exchange.prosimos import read_prosimos
from marops.domains.workflows.exchange.prosimos_out import Files
from marops.domains.workflows.exchange.xml import LARGEST, refused

_DIAGRAM = ".bpmn"


def is_exchange(name: str) -> bool:
    """Does a path lead to a diagram or model, rather than to a log? Two paths are joined by a plus.

    A folder or zip is one if it holds a diagram.
    """
    path = Path(name)
    if path.is_dir():
        return any(one.suffix.lower() == _DIAGRAM for one in path.iterdir())
    if not path.exists():
        return "+" in name
    if not zipfile.is_zipfile(path):
        return path.suffix.lower() == _DIAGRAM
    with zipfile.ZipFile(path) as zipped:
        return any(one.lower().endswith(_DIAGRAM) for one in zipped.namelist())


def model_files(name: str) -> tuple[bytes, bytes | None]:
    """The diagram, and the parameters if there are any, of a path, two joined by a plus, a folder or a zip.

    Raises MaropsError and OSError.
    """
    path = Path(name)
    if path.is_dir():
        found = {one.name: one for one in sorted(path.iterdir()) if one.is_file()}
        diagram, parameters = _pair(list(found))
        return _limited(found[diagram]), _limited(found[parameters]) if parameters else None
    if "+" in name and not path.exists():
        first, second = name.split("+", 1)
        return _limited(Path(first)), _limited(Path(second))
    data = _limited(path)
    return unzipped(data) if data[:2] == b"PK" else (data, None)


def unzipped(data: bytes) -> tuple[bytes, bytes | None]:
    """The same of a zip. Raises MaropsError where it is damaged, too large when unpacked, or holds no diagram."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as zipped:
            names = [one for one in zipped.namelist() if not one.endswith("/") and "__MACOSX" not in one]
            diagram, parameters = _pair(names)
            return _unpacked(zipped, diagram), _unpacked(zipped, parameters) if parameters else None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise refused(f"This zip cannot be read: {error}.", "Pack it again, without a password.") from None


def read_paths(name: str, *, title: str = "") -> Read:
    """The workflow, and the crew if it comes with one. Raises MaropsError and OSError."""
    return _both(*model_files(name), title)


def read_zip(data: bytes, *, title: str = "") -> Read:
    """The same of a zip. Raises MaropsError."""
    return _both(*unzipped(data), title)


def holds_diagram(file: IO[bytes]) -> bool:
    """Is this a zip with a diagram in it? A workbook is a zip as well."""
    try:
        with zipfile.ZipFile(file) as zipped:
            return any(one.lower().endswith(_DIAGRAM) for one in zipped.namelist())
    except zipfile.BadZipFile:
        return False


def files_of(parts: Sequence[bytes]) -> tuple[bytes, bytes | None]:
    """The diagram, and the parameters if there are any, of what somebody chose: in either order, or in one zip.

    Raises MaropsError where there is no diagram, or more than one.
    """
    if len(parts) == 1 and parts[0][:2] == b"PK":
        return unzipped(parts[0])
    diagrams = [one for one in parts if one[:200].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")]
    others = [one for one in parts if one not in diagrams]
    if len(diagrams) != 1 or len(others) > 1:
        raise refused(
            "This is not one diagram with its parameters.",
            "Choose a BPMN file and the JSON beside it, or a zip of both.",
        )
    return diagrams[0], others[0] if others else None


def packed(files: Files, name: str = "model", lost: Sequence[str] = ()) -> bytes:
    """Both files of a Prosimos model as one zip, the same bytes for the same model; with what it cannot say as text."""
    out = io.BytesIO()
    said = "".join(f"{one}\n" for one in lost).encode()
    parts = (("bpmn", files.bpmn), ("json", files.parameters), *((("left-out.txt", said),) if lost else ()))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for ending, data in parts:
            zipped.writestr(zipfile.ZipInfo(f"{name}.{ending}", (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _both(diagram: bytes, parameters: bytes | None, title: str) -> Read:
    if parameters is None:
        return finished(read_diagram(diagram), title)
    return read_prosimos(diagram, parameters, title=title)


def _pair(names: list[str]) -> tuple[str, str]:
    """The diagram and the parameters among some names; those called alike where there are several."""
    diagrams = [one for one in names if one.lower().endswith(_DIAGRAM)]
    parameters = [one for one in names if one.lower().endswith(".json")]
    if not diagrams:
        raise refused("There is no file that ends in .bpmn.", "Put the diagram beside the parameters.")
    alike = [(one, other) for one in diagrams for other in parameters if Path(one).stem == Path(other).stem]
    if len(diagrams) > 1 and len(alike) != 1:
        said = ", ".join(diagrams[:5])
        raise refused(f"There are several diagrams: {said}.", "Name the one that is meant.")
    if alike:
        return alike[0]
    if len(parameters) > 1:
        raise refused(f"There are several files of parameters: {', '.join(parameters[:5])}.", "Name the one meant.")
    return diagrams[0], parameters[0] if parameters else ""


def _limited(path: Path) -> bytes:
    """A file, as long as it is not too large."""
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise refused(f"{path.name} has more than {LARGEST / 1e6:.0f} MB.")
    return data


def _unpacked(zipped: zipfile.ZipFile, name: str) -> bytes:
    with zipped.open(name) as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise refused(f"{name} has more than {LARGEST / 1e6:.0f} MB when it is unpacked.")
    return data
