"""What the tests of safety share: how often they try, and what they count."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.figures import Figures

ROWS = "reliability/rows"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reliability", type=Path, metavar="PAGE",
                     help="try as often as the page promises, and write it")


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest,
            tmp_path_factory: pytest.TempPathFactory) -> Iterator[Figures]:
    """The counts of this run. The option is only known where this directory is asked for."""
    counts = Figures(request.config.getoption("--reliability", default=None),
                     disk=tmp_path_factory.getbasetemp())
    yield counts
    if counts.full:
        # What this run did not try stays as an earlier one found it (`make reliability
        # ARGS='-k kill'` does a part anew).
        assert request.config.cache
        rows = request.config.cache.get(ROWS, {}) | counts.rows()
        request.config.cache.set(ROWS, rows)
        counts.write(rows)
