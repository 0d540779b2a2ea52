"""The one place that knows how functions are compiled, and how compiled functions reach a row of a table.

Numba has no types for a checker; `compiled` and `entry` keep those of the function. A row is a pointer to a C structure
(`row.field` reads and writes memory directly): no bounds, no reference counts, one argument however many tables there
are. What is handed out is right as long as the arrays behind it live, which the caller of an entry sees to.
"""

import hashlib
import inspect
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast, get_type_hints

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])
Row = TypeVar("Row")

_HOW: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy", "boundscheck": False}


def compiled(function: Function) -> Function:
    """A function that is compiled when an entry that calls it is."""
    made: Function = numba.njit(**_HOW)(function)
    return made


def entry(modules: tuple[str, ...]) -> Callable[[Function], Function]:
    """Compile a function that Python calls and keep its machine code in Numba's cache folder.

    Numba looks only at the file of the function itself to know whether what it kept is stale. So the name under which
    it is kept carries a digest of all modules that take part.
    """

    def wrap(function: Function) -> Function:
        text = "".join(inspect.getsource(sys.modules[name]) for name in (*modules, function.__module__))
        function.__qualname__ = f"{function.__name__}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        try:
            made: Function = numba.njit(cache=True, **_HOW)(function)
        except RuntimeError:  # no folder that may be written: compiled anew by each process
            made = compiled(function)
        return made

    return wrap


_KINDS: Final = {int: "i8", float: "f8", np.uint64: "u8"}


def layout_of(row: type) -> np.dtype[Any]:
    """A class of numbers as a structure in memory: its annotations are the fields."""
    return np.dtype([(name, _KINDS[kind]) for name, kind in get_type_hints(row).items()], align=True)


def rows_of(row: type[Row]) -> Callable[[int, int], Row]:
    """What compiled code calls with a table's address and a number, to get that row."""
    layout = layout_of(row)
    record, size = numba.from_dtype(layout), layout.itemsize

    def at(typing: Any, address: Any, number: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            offset = builder.mul(given[1], context.get_constant(types.int64, size))
            return builder.inttoptr(builder.add(given[0], offset), context.get_value_type(record))

        return record(types.int64, types.int64), generate

    made: Any = intrinsic(at)
    return cast("Callable[[int, int], Row]", made)
