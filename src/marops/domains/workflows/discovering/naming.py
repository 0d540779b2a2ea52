"""Short names for what was found, each different."""

from marops.domains.register.public import slug_of


class Slugs:
    """Gives short names made of names; a second one of the same name gets a number."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        """A short name that has not been given yet."""
        first = found = slug_of(name).strip("-_.")[:60] or "unnamed"
        number = 1
        while found in self._taken:
            number += 1
            found = f"{first}-{number}"
        self._taken.add(found)
        return found
