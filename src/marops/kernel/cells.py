"""Cells of files that people open in a spreadsheet program."""


def as_written(cell: str) -> str:
    """A cell that `harmless` made so, as it was before."""
    return cell[1:] if cell[:1] == "'" and harmless(cell[1:]) == cell else cell


def harmless(cell: str) -> str:
    """The cell as no spreadsheet program takes it for a formula; a plain number, also a negative one, stays."""
    if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and not cell[1:].replace(".", "", 1).isdigit():
        return "'" + cell
    return cell
