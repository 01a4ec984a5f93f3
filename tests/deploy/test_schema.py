"""The table of keys, and the values that they take."""

import pytest

from bootstrapper.deploy.definition import duration
from bootstrapper.deploy.definition.schema import SECTIONS, InvalidValue, Share, one_line


def test_a_share_of_the_hosts_is_one_at_least_and_all_at_most() -> None:
    assert [Share(25, percent=True).of(hosts) for hosts in (1, 4, 10, 50)] == [1, 1, 2, 12]
    assert [Share(3).of(hosts) for hosts in (1, 3, 10)] == [1, 3, 3]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("1h30m", 5400),
        ("2h", 7200),
        ("1h 5s", 3605),
        ("", None),
        ("15", None),
        ("m", None),
        ("1.5h", None),
        ("-1s", None),
        ("0m", None),
        ("5s1m", None),
        ("1d", None),
        ("１s", None),
    ],
)
def test_durations_are_read(text: str, seconds: float | None) -> None:
    assert duration.parse(text) == seconds
    if seconds:
        assert duration.parse(duration.render(seconds)) == seconds


def test_a_line_may_be_of_any_script() -> None:
    for text in ("a b", "全角\u3000スペース", "Ёлка", "50\u00a0%"):
        assert one_line(text) == text
    for text in ("a\nb", "a\u2028b", "a\x1bb", "a\u202eb", " ", ""):
        with pytest.raises(InvalidValue):
            one_line(text)


def test_every_key_says_what_it_is_for_and_its_default_is_one_that_it_takes() -> None:
    for keys in SECTIONS.values():
        for key in keys:
            assert key.doc and key.takes
            assert key.fallback is not None or key.default is None
