import pytest

from marops.domains.capture.public import as_map, plan_import, result_of, start_import
from marops.kernel.actors import SETUP
from marops.kernel.jobs import run_here


@pytest.fixture
def bring(tmp_path):
    """Import a text as a file of leads and answer what it came to."""
    count = iter(range(1000))

    def one(content, mapping=None, **settings):
        path = tmp_path / f"leads-{next(count)}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        given = as_map({"columns": mapping or {}, **settings})
        result = result_of(run_here(start_import(path, plan_import(path, given), actor=SETUP).id))
        assert result.rows == result.created + result.updated + result.unchanged + result.rejected
        return result

    return one
