"""XML of strangers: read without entities, document types or anything outside the file, within limits."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from marops.kernel.errors import INVALID, FieldError, MaropsError

LARGEST = 30_000_000
"""Bytes of a file that is read."""
_DEEPEST = 60
_MOST = 400_000


@dataclass(slots=True, eq=False)
class Element:
    """An element with its name, namespace, attributes by local name (own namespace as `{space}name`), and its line."""

    space: str
    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: str, space: str | None = None) -> Iterator["Element"]:
        """The children of this name."""
        for one in self.children:
            if one.name == name and space in (None, one.space):
                yield one

    def first(self, name: str, space: str | None = None) -> "Element | None":
        """The first child of this name."""
        return next(self.all(name, space), None)

    def below(self) -> Iterator["Element"]:
        """Everything inside, in the order of the file."""
        todo = self.children[::-1]
        while todo:
            one = todo.pop()
            yield one
            todo.extend(reversed(one.children))

    def get(self, name: str, default: str = "") -> str:
        """An attribute."""
        return self.attributes.get(name, default)

    def __str__(self) -> str:
        said = " ".join(self.get("name").split())
        named = f" “{said[:80]}”" if said else ""
        number = f" ({self.get('id')[:80]})" if self.get("id") else ""
        return f"{self.name}{named}{number} in line {self.line}"


def refused(message: str, remedy: str = "", *, line: int | None = None, code: str = "format") -> MaropsError:
    """The error of a file that cannot be read."""
    return MaropsError(INVALID, message, errors=[FieldError(code, message, remedy, row=line)], remedy=remedy)


def read_xml(data: bytes, what: str = "file") -> Element:
    """The root element. Raises MaropsError where it is not XML, too large or deep, or declares a document type."""
    if len(data) > LARGEST:
        raise refused(f"This {what} has {len(data) / 1e6:.0f} MB; at most {LARGEST / 1e6:.0f} MB are read.")
    reader = _Reader(what)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise refused(f"This {what} is no XML: {error}.", "Export it again.", line=error.lineno) from None
    except (LookupError, ValueError) as error:
        raise refused(f"This {what} is written in letters that are not known: {error}.", "Save it as UTF-8.") from None
    return reader.top.children[0]


class _Reader:
    """Handlers of the parser, and what they have built so far."""

    def __init__(self, what: str) -> None:
        self.what, self.count = what, 0
        self.top = Element("", "", {}, 0)
        self.path = [self.top]
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.ExternalEntityRefHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def _doctype(self, *_: object) -> int:
        raise refused(
            f"This {self.what} declares a document type or entities, which are not read.",
            "Take the DOCTYPE out; BPMN needs none.",
            line=self.parser.CurrentLineNumber,
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        line = self.parser.CurrentLineNumber
        if self.count > _MOST or len(self.path) > _DEEPEST:
            said = f"more than {_MOST:,} elements" if self.count > _MOST else f"elements more than {_DEEPEST} deep"
            raise refused(f"This {self.what} has {said}.", line=line)
        space, _, local = name.rpartition(" ")
        found = {_attribute(key): value for key, value in attributes.items()}
        one = Element(space, local, found, line)
        self.path[-1].children.append(one)
        self.path.append(one)

    def _end(self, _: str) -> None:
        self.path.pop()

    def _text(self, text: str) -> None:
        self.path[-1].text += text


def _attribute(name: str) -> str:
    space, _, local = name.rpartition(" ")
    return f"{{{space}}}{local}" if space else local
