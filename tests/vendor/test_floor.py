"""A wheel that exists only for later systems than a target's floor: the error names that floor."""

import pytest

from bootstrapper.errors import InputError
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.choice import choose_files
from vendor_fetch.resolve.floor import floor_needed
from vendor_fetch.resolve.resolver import Artifact, Package

LINUX = Target(python="3.12")
MAC = Target(python="3.12", platform="macos-arm64")


def wheels(*tags: str) -> list[str]:
    return [f"code-1.0-{tag}.whl" for tag in tags]


@pytest.mark.parametrize(
    ("target", "tags", "floor"),
    [
        (LINUX, ["cp312-cp312-manylinux_2_34_x86_64"], (2, 34)),
        (LINUX, ["cp312-cp312-manylinux_2_39_x86_64", "cp311-abi3-manylinux_2_34_x86_64"], (2, 34)),
        (LINUX, ["cp312-cp312-manylinux_2_31_x86_64.manylinux_2_35_x86_64"], (2, 31)),
        (LINUX, ["cp311-cp311-manylinux_2_31_x86_64", "py3-none-manylinux_2_35_x86_64"], (2, 35)),
        (LINUX, ["cp312-cp312-manylinux_2_31_aarch64"], None),
        (LINUX, ["cp312-cp312-musllinux_1_2_x86_64"], None),
        (LINUX, ["cp313-cp313-manylinux_2_34_x86_64"], None),
        (LINUX, ["cp312-cp312-macosx_12_0_arm64", "cp312-cp312-win_amd64"], None),
        (LINUX, ["cp312-cp312-linux_x86_64"], None),
        (LINUX, [], None),
        # It fits already.
        (LINUX, ["cp312-cp312-manylinux_2_28_x86_64"], (2, 28)),
        (LINUX, ["cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"], (2, 28)),
        (Target(python="3.12", floor=(2, 35)), ["cp312-cp312-manylinux_2_34_x86_64"], (2, 35)),
        (MAC, ["cp312-cp312-macosx_14_0_arm64", "cp312-cp312-macosx_13_0_x86_64"], (14, 0)),
        (MAC, ["cp312-cp312-macosx_13_0_universal2", "cp312-cp312-macosx_15_0_arm64"], (13, 0)),
        (
            Target(python="3.12", platform="macos-x86_64", floor=(10, 9)),
            ["cp312-cp312-macosx_10_13_x86_64"],
            (10, 13),
        ),
        # No Mac accepts a minor version from 11 on.
        (MAC, ["cp312-cp312-macosx_12_3_arm64"], None),
    ],
)
def test_floor_needed(target: Target, tags: list[str], floor: tuple[int, int] | None) -> None:
    assert floor_needed(wheels(*tags), target) == floor


def test_floor_of_names_that_are_no_wheels() -> None:
    assert floor_needed(["code-1.0.tar.gz", "odd", "code.whl"], LINUX) is None


def package(*tags: str) -> Package:
    artifacts = (
        Artifact(filename=name, url=f"file:///{name}", sha256="0") for name in wheels(*tags)
    )
    return Package(name="code", version="1.0", wheels=tuple(artifacts))


@pytest.mark.parametrize(
    ("target", "tag", "old", "setting"),
    [
        (LINUX, "manylinux_2_34_x86_64", "glibc 2.28", 'glibc = "2.34"'),
        (MAC, "macosx_14_0_arm64", "macOS 11.0", 'macos = "14.0"'),
    ],
)
def test_error_names_the_floor(target: Target, tag: str, old: str, setting: str) -> None:
    with pytest.raises(InputError) as raised:
        choose_files({target: package(f"cp312-cp312-{tag}")}, prefer="wheel")
    assert raised.value.where == "requirements/apps.in: code"
    assert raised.value.fault == (
        f"1.0 has neither a wheel for {target} ({old}) nor a tarball; its wheel for the oldest "
        f"system needs {setting}"
    )
    assert (
        f'{{ python = "3.12", platform = "{target.platform}", {setting} }} in targets'
        in raised.value.next_step
    )


def test_error_without_a_floor_that_helps() -> None:
    with pytest.raises(InputError) as raised:
        choose_files({LINUX: package("cp312-cp312-win_amd64")}, prefer="wheel")
    assert raised.value.fault.endswith("nor a tarball")
    assert "apps.in" in raised.value.next_step
