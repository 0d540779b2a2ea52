"""Cells of files that people open in a spreadsheet program."""


def harmless(cell: str) -> str:
    """The cell as no spreadsheet program takes it for a formula; a plain number, also a negative one, stays."""
    if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and not cell[1:].replace(".", "", 1).isdigit():
        return "'" + cell
    return cell
