"""The marker of a file holds for the targets that take it, for no other, and is short."""

import itertools
import random

import packaging.markers
import pytest

from bootstrapper.ve.standards.marker import Marker
from vendor_fetch.project.target import PLATFORMS, Target
from vendor_fetch.resolve.markers import marker_for

TARGETS = [
    Target(python=python, platform=platform)
    for python in ("3.11", "3.12", "3.13", "3.14")
    for platform in PLATFORMS
]
PURE = "tiny-1.0-py3-none-any.whl"
LINUX = 'sys_platform == "linux" and platform_machine == "x86_64"'


@pytest.mark.parametrize(
    ("filename", "takes", "marker"),
    [
        (PURE, lambda target: True, ""),
        ("tiny-1.0.tar.gz", lambda target: True, ""),
        (PURE, lambda target: target.python == "3.11", 'python_version == "3.11"'),
        (PURE, lambda target: target.python in ("3.11", "3.12"), 'python_version < "3.13"'),
        (PURE, lambda target: target.python != "3.11", 'python_version >= "3.12"'),
        (PURE, lambda target: target.sys_platform == "darwin", 'sys_platform == "darwin"'),
        (PURE, lambda target: target.machine == "arm64", 'platform_machine == "arm64"'),
        (
            PURE,
            lambda target: target.sys_platform == "darwin" or target.python == "3.14",
            'sys_platform == "darwin" or python_version == "3.14"',
        ),
        (
            "tiny-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
            lambda target: target.python == "3.12" and target.platform == "linux-x86_64",
            f'python_version == "3.12" and {LINUX}',
        ),
        (
            "tiny-1.0-cp39-abi3-manylinux_2_17_x86_64.whl",
            lambda target: target.platform == "linux-x86_64",
            f'python_version >= "3.9" and {LINUX}',
        ),
        (
            "tiny-1.0-cp39-abi3-manylinux_2_17_x86_64.whl",
            lambda target: target.platform == "linux-x86_64" and target.python < "3.14",
            f'python_version >= "3.9" and python_version < "3.14" and {LINUX}',
        ),
        (
            "tiny-1.0-py3-none-manylinux_2_17_x86_64.whl",
            lambda target: target.platform == "linux-x86_64",
            LINUX,
        ),
        (
            "tiny-1.0-cp311-cp311-macosx_10_9_universal2.whl",
            lambda target: target.sys_platform == "darwin" and target.python == "3.11",
            'python_version == "3.11" and sys_platform == "darwin"',
        ),
        (
            "tiny-1.0-cp311-cp311-macosx_10_9_universal2.whl",
            lambda target: target.platform == "macos-arm64" and target.python == "3.11",
            'python_version == "3.11" and sys_platform == "darwin" and platform_machine == "arm64"',
        ),
        (
            "tiny-1.0-py312-none-any.whl",
            lambda target: target.python >= "3.12",
            'python_version >= "3.12"',
        ),
    ],
)
def test_marker_is_the_shortest(filename: str, takes: object, marker: str) -> None:
    takers = [target for target in TARGETS if takes(target)]  # type: ignore[operator]
    assert marker_for(filename, takers, TARGETS) == marker


def test_marker_tells_any_takers_from_the_others() -> None:
    chance = random.Random(7)
    for _ in range(300):
        targets = chance.sample(TARGETS, chance.randint(1, len(TARGETS)))
        takers = chance.sample(targets, chance.randint(1, len(targets)))
        text = marker_for(PURE, takers, targets)
        for target in targets:
            expected = target in takers
            environment = {**target.environment, "extra": ""}
            assert (not text or Marker(text).holds(environment)) == expected
            reference = not text or packaging.markers.Marker(text).evaluate(environment)
            assert reference == expected


def test_marker_of_one_target_needs_no_comparison() -> None:
    for target in TARGETS:
        assert marker_for(PURE, [target], [target]) == ""


def test_marker_of_a_file_that_fits_no_taker_is_that_of_its_tags() -> None:
    [target, *_] = TARGETS
    marker = marker_for("tiny-1.0-cp314-cp314-macosx_11_0_arm64.whl", [target], [target])
    assert marker == (
        'python_version == "3.14" and sys_platform == "darwin" and platform_machine == "arm64"'
    )


def test_marker_separates_each_pair_of_targets() -> None:
    for one, other in itertools.permutations(TARGETS, 2):
        marker = Marker(marker_for(PURE, [one], [one, other]))
        assert marker.holds(one.environment)
        assert not marker.holds(other.environment)
