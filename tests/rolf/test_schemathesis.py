"""Requests of the API's schema, and some that it forbids, never get a 5xx."""

from reliability.api import requested
from tests.support.rolf_home import Home


def test_no_request_of_the_api_gets_a_5xx(home: Home) -> None:
    """The long form is `python -m reliability api`, with 10,000 requests."""
    result = requested(home, 400)
    print(result.measured)
    assert result.faults == []
