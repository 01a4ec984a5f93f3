"""`licenses` prints what packages declare, never a guess, and refuses what is not allowed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrapper.ve.project.lockfile import APPS
from tests.conftest import REPOSITORY
from tests.support.license_texts import BSD_2, BSD_3, ISC, MIT, UNLICENSE
from tests.support.tarballs import make_tarball
from tests.vendor.reports.conftest import HOSTILE, Json, Vendored, is_plain
from vendor_fetch.reports.license_report import KEYS
from vendor_fetch.reports.license_text import recognize

OSI = "Classifier: License :: OSI Approved :: "
DEBIAN = Path("/usr/share/common-licenses")


@pytest.mark.parametrize(
    ("headers", "license_", "source"),
    [
        (["License-Expression: MIT"], "MIT", "expression"),
        (["License-Expression: mit or apache-2.0"], "MIT OR Apache-2.0", "expression"),
        (["License-Expression: LicenseRef-Own"], "LicenseRef-Own", "expression"),
        (
            ["License-Expression: Apache-2.0 WITH LLVM-exception"],
            "Apache-2.0 WITH LLVM-exception",
            "expression",
        ),
        # License-Expression decides, whatever else is there.
        (["License: GPL-3.0", f"{OSI}BSD License", "License-Expression: ISC"], "ISC", "expression"),
        (["License-Expression: no license", f"{OSI}MIT License"], "MIT", "classifier"),
        ([f"{OSI}MIT License"], "MIT", "classifier"),
        ([f"{OSI}MIT License", "License: BSD-3-Clause"], "MIT", "classifier"),
        (["Classifier: License :: OSI Approved", f"{OSI}ISC License (ISCL)"], "ISC", "classifier"),
        (["Classifier: License :: DFSG approved", f"{OSI}MIT License"], "MIT", "classifier"),
        (
            [f"{OSI}GNU General Public License v2 or later (GPLv2+)"],
            "GPL-2.0-or-later",
            "classifier",
        ),
        # Two classifiers: both apply, unless the field says how they are joined.
        (
            [f"{OSI}MIT License", f"{OSI}Mozilla Public License 2.0 (MPL 2.0)"],
            "MIT AND MPL-2.0",
            "classifier",
        ),
        (
            [
                f"{OSI}MIT License",
                f"{OSI}Mozilla Public License 2.0 (MPL 2.0)",
                "License: MPL-2.0 OR MIT",
            ],
            "MPL-2.0 OR MIT",
            "field",
        ),
        # A classifier that fits several licenses needs the field or the text.
        ([f"{OSI}BSD License"], None, ""),
        ([f"{OSI}BSD License", "License: BSD"], None, ""),
        ([f"{OSI}BSD License", "License: BSD-3-Clause"], "BSD-3-Clause", "field"),
        ([f"{OSI}BSD License", "License: MIT"], None, ""),
        ([f"{OSI}Apache Software License", "License: Apache 2.0"], "Apache-2.0", "field"),
        ([f"{OSI}MIT License", f"{OSI}BSD License"], None, ""),
        (["Classifier: License :: Other/Proprietary License"], None, ""),
        (["License: MIT"], "MIT", "field"),
        (["License: The MIT License"], "MIT", "field"),
        (["License: Apache License, Version 2.0"], "Apache-2.0", "field"),
        (["License: 3-Clause BSD License"], "BSD-3-Clause", "field"),
        (["License: GPLv3+"], "GPL-3.0-or-later", "field"),
        (["License: GPL"], None, ""),
        (["License: BSD"], None, ""),
        (["License: UNKNOWN"], None, ""),
        (["License: " + MIT.replace("\n", "\n        ")], "MIT", "field"),
        ([], None, ""),
    ],
)
def test_metadata_decides_the_license(
    headers: list[str],
    license_: str | None,
    source: str,
    vendored: Vendored,
    printed_json: Json,
) -> None:
    vendored.wheel(headers=headers)
    vendored.lock()
    [row] = printed_json("licenses")
    assert (row["license"], row["source"]) == (license_, source)


def test_ambiguous_classifier_takes_the_license_of_the_text(
    vendored: Vendored, printed_json: Json
) -> None:
    vendored.wheel(
        headers=[f"{OSI}BSD License"], files={"tiny-1.0.dist-info/licenses/LICENSE": BSD_2}
    )
    vendored.wheel(
        "other", headers=[f"{OSI}BSD License"], files={"other-1.0.dist-info/COPYING": MIT}
    )
    vendored.lock()
    other, tiny = printed_json("licenses")
    assert (tiny["license"], tiny["source"]) == ("BSD-2-Clause", "text")
    assert other["license"] is None


@pytest.mark.parametrize(
    ("text", "license_"),
    [
        (MIT, "MIT"),
        (MIT.partition("\n\n")[2], "MIT"),
        (MIT.replace("\n", "\r\n").replace('"', "“"), "MIT"),
        (BSD_2, "BSD-2-Clause"),
        (BSD_3, "BSD-3-Clause"),
        ((REPOSITORY / "LICENSE").read_text(), "BSD-3-Clause"),
        (ISC, "ISC"),
        (UNLICENSE, "Unlicense"),
        *(
            (f"file: {name}", license_)
            for name, license_ in {
                "Apache-2.0": "Apache-2.0",
                "GPL-2": "GPL-2.0-only",
                "GPL-3": "GPL-3.0-only",
                "LGPL-2.1": "LGPL-2.1-only",
                "LGPL-3": "LGPL-3.0-only",
                "MPL-2.0": "MPL-2.0",
                "BSD": "BSD-3-Clause",
                "Artistic": None,
                "GFDL": None,
            }.items()
        ),
    ],
)
def test_text_of_a_common_license_is_recognized(text: str, license_: str | None) -> None:
    if text.startswith("file: "):
        path = DEBIAN / text.removeprefix("file: ")
        if not path.exists():
            pytest.skip("not on Debian")
        text = path.read_text()
    assert recognize(text) == license_


@pytest.mark.parametrize(
    "text",
    [
        MIT + "\nThe Software shall be used for Good, not Evil.",
        MIT.replace("without restriction", "with a restriction"),
        MIT.replace("Copyright (c) 2020", "For non-commercial use only. Copyright (c) 2020"),
        "This license does not cover the directory vendor.\n" + MIT,
        MIT + BSD_3,
        MIT + MIT,
        BSD_3 + "\n    4. Advertising must mention Example Ltd.",
        BSD_3.replace("    3. ", "    3. All advertising must mention us.\n    4. "),
        ISC.replace("and this permission notice appear", "appears"),
        "MIT",
        "See https://opensource.org/license/mit",
        "",
        "\0" * 1000,
        MIT.partition("FITNESS")[0],
    ],
)
def test_text_with_other_terms_is_not_recognized(text: str) -> None:
    assert recognize(text) is None


def test_apache_license_with_an_exception_is_not_recognized() -> None:
    path = DEBIAN / "Apache-2.0"
    if not path.exists():
        pytest.skip("not on Debian")
    text = path.read_text()
    exception = "---- LLVM Exceptions to the Apache 2.0 License ----\nAs an exception, you may"
    assert recognize(text) == recognize(text.partition("APPENDIX")[0]) == "Apache-2.0"
    assert recognize(text + exception) is None
    assert (
        recognize(text.replace("Licensed under", "not for sale " * 80 + "Licensed under")) is None
    )
    assert recognize(text.replace("You must cause any", "You need not cause any")) is None
    assert recognize(text + MIT) is None


def test_texts_of_two_licenses_are_no_license(vendored: Vendored, printed_json: Json) -> None:
    info = "tiny-1.0.dist-info"
    vendored.wheel(
        files={f"{info}/licenses/LICENSE.MIT": MIT, f"{info}/licenses/LICENSE.BSD": BSD_3}
    )
    vendored.wheel(
        "same", files={"same-1.0.dist-info/LICENSE": MIT, "same-1.0.dist-info/AUTHORS": "x"}
    )
    vendored.lock()
    same, tiny = printed_json("licenses")
    assert (same["license"], tiny["license"]) == ("MIT", None)


def test_tarball_has_the_license_of_its_pkg_info(vendored: Vendored, printed_json: Json) -> None:
    head = "Metadata-Version: 2.4\nName: {}\nVersion: 1.0\n"
    make_tarball(
        vendored.source,
        "one",
        files={"PKG-INFO": head.format("one") + "License-Expression: 0BSD\n"},
    )
    make_tarball(vendored.source, "two", files={"LICENSE.txt": ISC, "vendor/LICENSE": MIT})
    vendored.lock()
    assert [(row["license"], row["source"]) for row in printed_json("licenses")] == [
        ("0BSD", "expression"),
        ("ISC", "text"),
    ]


def test_wheels_of_one_version_are_one_package(vendored: Vendored, printed_json: Json) -> None:
    for platform, license_ in (("linux_x86_64", "MIT"), ("macosx_11_0_arm64", "MIT AND ISC")):
        vendored.wheel(tag=f"cp311-cp311-{platform}", headers=[f"License-Expression: {license_}"])
    vendored.wheel(version="2.0", headers=["License-Expression: MIT"])
    vendored.lock()
    first, second = printed_json("licenses")
    assert (first["version"], first["license"], len(first["files"])) == ("1.0", "ISC AND MIT", 2)
    assert (second["version"], second["license"]) == ("2.0", "MIT")


def test_one_file_with_an_unknown_license_makes_it_unknown(
    vendored: Vendored, printed_json: Json
) -> None:
    vendored.wheel(tag="cp311-cp311-linux_x86_64", headers=["License-Expression: MIT"])
    vendored.wheel(tag="cp311-cp311-macosx_11_0_arm64", headers=["License: ask us"])
    vendored.lock()
    [row] = printed_json("licenses")
    assert (row["license"], row["stated"]) == (None, "ask us")


def test_tools_are_listed_on_request(vendored: Vendored, printed_json: Json) -> None:
    vendored.wheel()
    vendored.wheel("pip")
    vendored.lock(tools=["pip-1.0-py3-none-any.whl"])
    assert [row["name"] for row in printed_json("licenses")] == ["tiny"]
    assert [row["name"] for row in printed_json("licenses", "--tools")] == ["pip", "tiny"]


@pytest.mark.parametrize(
    ("license_", "allowed", "refusal"),
    [
        ("MIT", "MIT", ""),
        ("MIT", "mit", ""),
        ("MIT", "ISC", "MIT is not allowed"),
        ("MIT OR GPL-3.0-only", "MIT", ""),
        ("GPL-2.0-only OR GPL-3.0-only", "MIT", "none of GPL-2.0-only, GPL-3.0-only is allowed"),
        ("MIT AND ISC", "MIT,ISC", ""),
        ("MIT AND ISC AND Zlib", "MIT", "ISC is not allowed; Zlib is not allowed"),
        ("(MIT OR ISC) AND Zlib", "ISC,Zlib", ""),
        ("Apache-2.0 WITH LLVM-exception", "Apache-2.0", ""),
        (
            "GPL-2.0-only WITH Classpath-exception-2.0",
            "GPL-2.0-only WITH Classpath-exception-2.0",
            "",
        ),
        (
            "GPL-2.0-only",
            "GPL-2.0-only WITH Classpath-exception-2.0",
            "GPL-2.0-only is not allowed",
        ),
        ("LicenseRef-Own", "LicenseRef-Own", ""),
    ],
)
def test_license_is_compared_with_the_allowed_ones(
    license_: str, allowed: str, refusal: str, vendored: Vendored, printed_json: Json
) -> None:
    vendored.wheel(headers=[f"License-Expression: {license_}"])
    vendored.lock()
    [row] = printed_json("licenses", "--allow", allowed)
    assert row["refusal"] == refusal
    assert vendored.run("licenses", "--allow", allowed) == (1 if refusal else 0)


def test_refused_license_is_named_with_a_next_step(
    vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.wheel(headers=["License-Expression: GPL-3.0-only"])
    vendored.wheel("other", headers=["License: something"])
    vendored.settings('allowed-licenses = ["MIT"]')
    vendored.lock()
    assert vendored.run("licenses") == 1
    out = capsys.readouterr().out
    assert "other 1.0: its license is not known: its metadata says 'something'\n" in out
    assert "tiny 1.0: GPL-3.0-only is not allowed\n2 packages with a license" in out
    assert "\n  next: ${EDITOR:-vi} pyproject.toml  # " in out


def test_option_replaces_the_allowed_licenses_of_the_project(vendored: Vendored) -> None:
    vendored.wheel(headers=["License-Expression: ISC"])
    vendored.settings('allowed-licenses = ["MIT"]')
    vendored.lock()
    assert vendored.run("licenses") == 1
    assert vendored.run("licenses", "--allow", "ISC") == 0
    assert vendored.run("licenses", "--allow", "BSD-2-Clause,Zlib", "--allow", "ISC") == 0
    assert vendored.run("licenses", "--allow", "MIT OR ISC") == 0
    vendored.settings("allowed-licenses = []")
    assert vendored.run("licenses") == 1


def test_unknown_license_fails_on_request(
    vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.wheel()
    vendored.lock()
    assert vendored.run("licenses") == 0
    assert "tiny     1.0      unknown" in capsys.readouterr().out
    assert vendored.run("licenses", "--fail-unknown") == 1
    assert vendored.run("licenses", "--allow", "MIT") == 1


def test_override_replaces_what_the_files_say(vendored: Vendored, printed_json: Json) -> None:
    vendored.wheel("Tiny_Pkg", headers=["License: ask us"])
    vendored.settings(
        'allowed-licenses = ["MIT"]\n[tool.vendor_fetch.licenses]\n'
        'tiny-pkg = { license = "mit", reason = "LICENSE file in the repository" }'
    )
    vendored.lock()
    [row] = printed_json("licenses")
    assert (row["license"], row["source"]) == ("MIT", "override")
    assert row["stated"] == "LICENSE file in the repository"
    assert row["refusal"] == ""


def test_override_of_another_package_is_a_warning(
    vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.wheel("pip")
    vendored.lock(tools=["pip-1.0-py3-none-any.whl"])
    override = '{ license = "MIT", reason = "x" }'
    vendored.settings(f"[tool.vendor_fetch.licenses]\ngone = {override}\npip = {override}")
    assert vendored.run("licenses") == 0
    error = capsys.readouterr().err
    assert error.startswith(
        "warning: pyproject.toml: [tool.vendor_fetch.licenses] has gone, which is not vendored\n"
    )
    assert "pip" not in error.partition("next:")[0]


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ('[tool.vendor_fetch.licenses]\ntiny = { license = "MIT" }', "tiny: it has no reason"),
        (
            '[tool.vendor_fetch.licenses]\ntiny = { license = "MIT", reason = " " }',
            "tiny: it has no reason",
        ),
        ('[tool.vendor_fetch.licenses]\ntiny = { reason = "x" }', "tiny: it has no license"),
        ('[tool.vendor_fetch.licenses]\ntiny = "MIT"', "tiny: 'MIT' is not a table"),
        (
            '[tool.vendor_fetch.licenses]\ntiny = { license = "MIT", raeson = "x" }',
            "tiny: it has no key 'raeson'; did you mean \"reason\"?",
        ),
        (
            '[tool.vendor_fetch.licenses]\ntiny = { license = "Free", reason = "x" }',
            "[tool.vendor_fetch.licenses] tiny: 'Free' is not an SPDX license expression",
        ),
        ('allowed-licenses = "MIT"', "allowed-licenses: 'MIT' is not a list"),
        ('allowed-licenses = ["Free"]', "allowed-licenses: 'Free' is not the SPDX identifier"),
        ("licenses = 1", "licenses: 1 is not a table of packages"),
    ],
)
def test_wrong_setting_is_an_error(
    settings: str, fault: str, vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.wheel()
    vendored.settings(settings)
    vendored.lock()
    assert vendored.run("licenses") == 2
    error = capsys.readouterr().err
    assert re.match(r"pyproject\.toml(:\d)?: ", error)
    assert f": {fault}" in error
    assert "\n  next: ${EDITOR:-vi} pyproject.toml  # such as: " in error


def test_wrong_allowed_license_is_an_error(
    vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendored.run("licenses", "--allow", "MIT,GPLv9") == 2
    assert capsys.readouterr().err.startswith("--allow: 'GPLv9' is not the SPDX identifier")
    # An empty variable in a script must not allow everything.
    for wrong in ("MIT AND ISC", "", "MIT,"):
        assert vendored.run("licenses", "--allow", wrong) == 2


def test_hostile_metadata_is_printed_as_plain_text(
    vendored: Vendored, capsys: pytest.CaptureFixture[str], printed_json: Json
) -> None:
    vendored.wheel(headers=[f"License: {HOSTILE}", f"Classifier: License :: {HOSTILE}"])
    vendored.wheel("bytes", headers=["License: caf\udce9 \udcff"])
    vendored.wheel("long", headers=[f"License-Expression: {'(' * 5000}MIT{')' * 5000}"])
    vendored.lock()
    assert vendored.run("licenses", "--allow", "MIT") == 1
    output = capsys.readouterr()
    assert is_plain(output.out + output.err)
    assert {row["license"] for row in printed_json("licenses")} == {None}


def test_file_name_with_control_characters_is_refused(
    vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.wheel("tiny", "1.0")
    vendored.lock([])
    lock = vendored.directory / APPS
    lock.write_text(lock.read_text().replace("tiny-1.0", "tiny-1.0\x1b[31m\x9b"))
    for command in (
        ["licenses"],
        ["sbom"],
        ["export", "--format", "requirements"],
        ["export", "--format", "pylock"],
        ["audit", "--advisories", "all.zip"],
    ):
        assert vendored.run(*command) == 2
        output = capsys.readouterr()
        assert output.out == "" and is_plain(output.err)
        assert "requirements/apps.txt:1: 'tiny-1.0\\x1b[31m" in output.err


@pytest.mark.parametrize("size", [300_000, 3_000_000])
def test_huge_license_text_is_unknown(size: int, vendored: Vendored, printed_json: Json) -> None:
    vendored.wheel(files={"tiny-1.0.dist-info/LICENSE": MIT + " x" * (size // 2)})
    vendored.lock()
    [row] = printed_json("licenses")
    assert row["license"] is None


def test_wheel_without_metadata_is_named(
    vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.wheel(without=["METADATA"])
    vendored.lock()
    for command in (["licenses"], ["sbom"]):
        assert vendored.run(*command) == 1
        assert capsys.readouterr().err.startswith(
            "requirements/src/tiny-1.0-py3-none-any.whl: it has no METADATA, so it is not a wheel\n"
        )


@pytest.mark.parametrize("name", ["tiny-1.0-py3-none-any.whl", "tiny-1.0.tar.gz", "tiny-1.0.zip"])
def test_file_that_is_no_archive_is_named(
    name: str, vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    (vendored.source / name).write_bytes(b"no archive")
    vendored.lock()
    for command in ("licenses", "sbom"):
        assert vendored.run(command) == 1
        assert capsys.readouterr().err.startswith(f"requirements/src/{name}: can't be read: ")


def test_damaged_file_is_named_instead_of_reported_on(
    vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = vendored.wheel(headers=["License: MIT"])
    vendored.wheel("other")
    vendored.lock()
    wheel.write_bytes(wheel.read_bytes() + b"x")
    assert vendored.run("licenses") == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "tiny-1.0-py3-none-any.whl: the sha256 of its" in output.err
    (vendored.source / "other-1.0-py3-none-any.whl").unlink()
    assert vendored.run("licenses") == 1
    assert "requirements/src: 2 vendored files differ from the lock" in capsys.readouterr().err


def test_missing_library_is_named_and_other_commands_work(vendored: Vendored) -> None:
    vendored.wheel("pip", "80.0")
    vendored.wheel("virtualenv", "80.0")
    vendored.lock(tools=[path.name for path in vendored.source.iterdir()])
    for command, status, printed in (
        ("check", 0, "agrees with"),
        ("export --format requirements", 0, ""),
        ("licenses", 1, "license-expression: is not installed; this command needs it\n  next: "),
        ("sbom", 1, "-m pip install "),
        ("audit --advisories x.zip", 1, "packaging: is not installed; this command needs it"),
    ):
        run = subprocess.run(
            # -S: without the libraries of this Python.
            [sys.executable, "-S", "-m", "vendor_fetch", *command.split()],
            cwd=vendored.directory,
            env={"PYTHONPATH": str(REPOSITORY), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
        )
        assert (run.returncode, "Traceback" in run.stderr) == (status, False), run.stderr
        assert printed in run.stdout + run.stderr


def test_missing_library_leads_to_the_tools_of_the_project(vendored: Vendored) -> None:
    (vendored.directory / "Makefile").write_text("vendor: .tools/complete\n")
    run = subprocess.run(
        [sys.executable, "-S", "-m", "vendor_fetch", "licenses", "--allow", "MIT OR ISC"],
        cwd=vendored.directory,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert run.stderr.endswith(
        "\n  next: make .tools/complete && "
        ".tools/bin/python -P -m vendor_fetch licenses --allow 'MIT OR ISC'\n"
    )


def test_json_has_the_documented_keys(
    vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.wheel()
    vendored.lock()
    vendored.run("licenses", "--json")
    [row] = json.loads(capsys.readouterr().out)
    assert list(row) == [key for keys in KEYS for key in keys.split(", ")]
