"""What differs from the lock is printed, each deviation with its reason."""

import pytest

from vendor_fetch.adopt.adoption import adopt
from vendor_fetch.adopt.deviations import deviations
from vendor_fetch.adopt.requirement_entry import entry_of
from vendor_fetch.sync.changes import Change
from vendor_fetch.sync.request import Outcome


@pytest.mark.parametrize(
    ("vendored", "printed"),
    [
        ({"django": ("5.2",)}, []),
        ({"django": ("5.2.0",)}, []),
        ({"django": ("5.3",)}, ["django 5.2 was locked; 5.3 is vendored, because"]),
        (
            {"django": ("5.2", "5.3")},
            ["django 5.2 was locked and stays; bootstrap.py runs with 5.3"],
        ),
        (
            {"tiny": ("1.0",)},
            ["django is not vendored, because", "django 5.2 was locked, and nothing asks for it"],
        ),
    ],
)
def test_deviation_has_its_reason(vendored: dict[str, tuple[str, ...]], printed: list[str]) -> None:
    adoption = adopt([entry_of("requirements.txt:1", "django==5.2")])
    changes = tuple(Change(name=name, old=(), new=new, size=0) for name, new in vendored.items())
    lines = list(deviations(adoption, Outcome(changes=changes)))
    assert len(lines) == len(printed)
    for line, start in zip(lines, printed, strict=True):
        assert line.startswith(start)
