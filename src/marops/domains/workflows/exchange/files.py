"""Which file is what: a diagram alone, a Prosimos model as two files, a folder or a zip, and that model as one zip."""

import io
import zipfile
from pathlib import Path

from marops.domains.workflows.exchange.bpmn import read_diagram
from marops.domains.workflows.exchange.documents import Read, finished
from marops.domains.workflows.exchange.prosimos import read_prosimos
from marops.domains.workflows.exchange.prosimos_out import Files
from marops.domains.workflows.exchange.xml import LARGEST, refused

_DIAGRAMS = (".bpmn", ".bpmn20.xml", ".xml")


def is_exchange(name: str) -> bool:
    """Is this the name of a diagram or model, rather than of a log? Two paths are joined by a plus.

    A folder or zip is one if it holds a diagram.
    """
    first, plus, _ = name.partition("+")
    if first.lower().endswith(".bpmn") or (plus and first.lower().endswith(_DIAGRAMS)):
        return True
    path = Path(name)
    if path.is_dir():
        return any(one.suffix.lower() == ".bpmn" for one in path.iterdir())
    if not (path.is_file() and zipfile.is_zipfile(path)):
        return False
    with zipfile.ZipFile(path) as packed:
        return any(one.lower().endswith(".bpmn") for one in packed.namelist())


def read_paths(name: str, *, title: str = "") -> Read:
    """What a path, two paths joined by a plus, a folder or a zip hold. Raises MaropsError and OSError."""
    if "+" in name and not Path(name).exists():
        diagram, parameters = (Path(part) for part in name.split("+", 1))
        return read_prosimos(_limited(diagram), _limited(parameters), title=title)
    path = Path(name)
    if path.is_dir():
        found = {one.name: one for one in sorted(path.iterdir()) if one.is_file()}
        diagram_, parameters_ = _pair(list(found))
        return _both(_limited(found[diagram_]), _limited(found[parameters_]) if parameters_ else None, title)
    data = _limited(path)
    return read_zip(data, title=title) if data[:2] == b"PK" else finished(read_diagram(data), title)


def read_zip(data: bytes, *, title: str = "") -> Read:
    """The model in a zip. Raises MaropsError where it is damaged, too large when unpacked, or holds no diagram."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = [one for one in packed.namelist() if not one.endswith("/") and "__MACOSX" not in one]
            diagram, parameters = _pair(names)
            return _both(_unpacked(packed, diagram), _unpacked(packed, parameters) if parameters else None, title)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise refused(f"This zip cannot be read: {error}.", "Pack it again, without a password.") from None


def packed(files: Files, name: str = "model") -> bytes:
    """Both files of a Prosimos model as one zip, the same bytes for the same model."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for ending, data in (("bpmn", files.bpmn), ("json", files.parameters)):
            zipped.writestr(zipfile.ZipInfo(f"{name}.{ending}", (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _both(diagram: bytes, parameters: bytes | None, title: str) -> Read:
    if parameters is None:
        return finished(read_diagram(diagram), title)
    return read_prosimos(diagram, parameters, title=title)


def _pair(names: list[str]) -> tuple[str, str]:
    """The diagram and the parameters among some names; those called alike where there are several."""
    diagrams = [one for one in names if one.lower().endswith(".bpmn")]
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
