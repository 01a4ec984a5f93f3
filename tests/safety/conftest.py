"""How often the safety tests try, and the results that they count."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.figures import Figures

ROWS = "reliability/rows"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--reliability",
        type=Path,
        metavar="PAGE",
        help="try as often as the page promises, and write it",
    )


@pytest.fixture(scope="session")
def figures(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Figures]:
    """Return the counts of this run. The option exists only if this directory was named."""
    counts = Figures(
        request.config.getoption("--reliability", default=None), disk=tmp_path_factory.getbasetemp()
    )
    yield counts
    if counts.full:
        # Rows that this run did not try keep the counts of an earlier run (`make reliability
        # ARGS='-k kill'` repeats a part).
        assert request.config.cache
        rows = request.config.cache.get(ROWS, {}) | counts.rows()
        request.config.cache.set(ROWS, rows)
        counts.write(rows)
