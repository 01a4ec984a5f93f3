"""`sbom` writes a valid CycloneDX file of all that is vendored, the same bytes each time."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.conftest import REPOSITORY
from tests.support.tarballs import make_tarball
from tests.vendor.conftest import PYTHON
from tests.vendor.reports.conftest import HOSTILE, SERVER_AND_MAC, Vendored, is_plain

Sbom = dict[str, Any]


@pytest.fixture
def sbom(vendored: Vendored, capsys: pytest.CaptureFixture[str]) -> Any:
    """`sbom()` runs the command; returns the document, which is valid and complete in itself."""

    def run(*words: str) -> Sbom:
        capsys.readouterr()
        assert vendored.run("sbom", *words) == 0
        text = capsys.readouterr().out
        fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
        assert fault is None, fault
        document: Sbom = json.loads(text)
        refs = [each["bom-ref"] for each in every_component(document)]
        assert len(set(refs)) == len(refs)
        for each in document["dependencies"]:
            assert {each["ref"], *each.get("dependsOn", [])} <= {*refs, "project"}
        return document

    return run


def every_component(node: Sbom) -> Iterator[Sbom]:
    for each in node.get("components", []):
        yield each
        yield from every_component(each)


def needed(document: Sbom) -> dict[str, list[str]]:
    return {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}


def test_package_is_a_component_with_purl_license_and_hash(vendored: Vendored, sbom: Any) -> None:
    wheel = vendored.wheel("Tiny_Pkg", "1.5", headers=["License-Expression: MIT OR ISC"])
    vendored.lock()
    document = sbom()
    sha256 = [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}]
    assert document["components"] == [
        {
            "bom-ref": "pkg:pypi/tiny-pkg@1.5",
            "type": "library",
            "name": "tiny-pkg",
            "version": "1.5",
            "purl": "pkg:pypi/tiny-pkg@1.5",
            "hashes": sha256,
            "licenses": [{"expression": "MIT OR ISC", "acknowledgement": "declared"}],
            "externalReferences": [
                {"type": "distribution", "url": f"requirements/src/{wheel.name}", "hashes": sha256}
            ],
        }
    ]
    root = document["metadata"]["component"]
    assert (root["type"], root["name"], root["version"]) == ("application", "site", "7")
    assert "timestamp" not in document["metadata"]


def test_each_file_of_a_version_has_its_hash(vendored: Vendored, sbom: Any) -> None:
    tags = ("cp312-cp312-macosx_11_0_arm64", "cp312-cp312-manylinux_2_28_x86_64")
    wheels = [vendored.wheel(tag=tag) for tag in tags]
    vendored.lock(markers={wheels[0].name: 'sys_platform == "darwin"'})
    [component] = sbom()["components"]
    assert "hashes" not in component
    references = component["externalReferences"]
    assert [each["hashes"][0]["content"] for each in references] == [
        hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels
    ]
    assert [each.get("comment") for each in references] == ['sys_platform == "darwin"', None]


def test_dependencies_are_the_union_over_the_markers(vendored: Vendored, sbom: Any) -> None:
    vendored.settings(SERVER_AND_MAC)
    vendored.wheel(
        "app",
        requires=[
            'linux-only; sys_platform == "linux"',
            'mac-only; sys_platform == "darwin"',
            'windows-only; sys_platform == "win32"',
            'old; python_version < "3.11"',
            'fast; extra == "speed"',
            'slow; extra == "other"',
            "not-vendored",
        ],
    )
    others = ("linux_only", "mac_only", "windows_only", "old", "fast", "slow")
    for name in others:
        vendored.wheel(name)
    vendored.lock(["app[speed]", "slow"])
    graph = needed(sbom())
    assert graph["project"] == ["pkg:pypi/app@1.0", "pkg:pypi/slow@1.0"]
    assert graph["pkg:pypi/app@1.0"] == [
        "pkg:pypi/fast@1.0",
        "pkg:pypi/linux-only@1.0",
        "pkg:pypi/mac-only@1.0",
    ]


def test_dependency_leads_to_the_allowed_version(vendored: Vendored, sbom: Any) -> None:
    vendored.wheel("app", requires=["tiny<2"])
    for version in ("1.5", "2.0"):
        vendored.wheel("tiny", version)
    vendored.lock(["app", "tiny"])
    assert needed(sbom())["pkg:pypi/app@1.0"] == ["pkg:pypi/tiny@1.5"]


def test_tools_are_components_on_request(vendored: Vendored, sbom: Any) -> None:
    vendored.wheel("app")
    vendored.wheel("pip")
    make_tarball(vendored.source, "made", files={}, build=["backend>=1"])
    vendored.wheel("backend", requires=["helper"])
    vendored.wheel("helper")
    tools = [f"{name}-1.0-py3-none-any.whl" for name in ("pip", "backend", "helper")]
    vendored.lock(tools=tools)
    assert [each["name"] for each in sbom()["components"]] == ["app", "made"]
    document = sbom("--tools")
    assert len(document["components"]) == 5
    graph = needed(document)
    assert "pkg:pypi/pip@1.0" in graph["project"] and "pkg:pypi/backend@1.0" in graph["project"]
    assert graph["pkg:pypi/backend@1.0"] == ["pkg:pypi/helper@1.0"]


def test_unknown_license_has_the_words_of_the_metadata(vendored: Vendored, sbom: Any) -> None:
    vendored.wheel(headers=["License: ask us"])
    vendored.wheel("none")
    vendored.lock()
    none, tiny = sbom()["components"]
    assert "licenses" not in none
    assert tiny["licenses"] == [{"license": {"name": "ask us", "acknowledgement": "declared"}}]


def test_override_is_the_license_of_the_component(vendored: Vendored, sbom: Any) -> None:
    vendored.wheel()
    vendored.settings('[tool.vendor_fetch.licenses]\ntiny = { license = "MIT", reason = "x" }')
    vendored.lock()
    [tiny] = sbom()["components"]
    assert tiny["licenses"][0]["expression"] == "MIT"


def test_two_runs_write_the_same_bytes(vendored: Vendored, monkeypatch: pytest.MonkeyPatch) -> None:
    vendored.wheel(
        "app", requires=["tiny", "other"], files={"app-1.0.dist-info/sboms/a.json": AUDITWHEEL}
    )
    for name in ("tiny", "other"):
        vendored.wheel(name)
    vendored.lock()
    texts = []
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-m", "vendor_fetch", "sbom", "--output", f"{seed}.json"],
            cwd=vendored.directory,
            env={"PYTHONPATH": str(REPOSITORY), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
        )
        assert (run.stderr, run.returncode) == ("", 0)
        texts.append((vendored.directory / f"{seed}.json").read_bytes())
    assert texts[0] == texts[1]


def test_serial_number_depends_on_the_content(vendored: Vendored, sbom: Any) -> None:
    vendored.wheel()
    vendored.lock()
    first = sbom()["serialNumber"]
    vendored.wheel("other")
    vendored.lock()
    assert first != sbom()["serialNumber"]


def test_time_is_that_of_source_date_epoch(
    vendored: Vendored,
    sbom: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    assert sbom()["metadata"]["timestamp"] == "2026-01-01T00:00:00+00:00"
    for wrong in ("yesterday", "9" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
        assert vendored.run("sbom") == 2
        assert "  next: env -u SOURCE_DATE_EPOCH " in capsys.readouterr().err


def test_project_without_packages_has_an_sbom(sbom: Any) -> None:
    assert sbom().get("components", []) == []


def test_project_without_a_table_has_the_name_of_its_directory(
    vendored: Vendored, sbom: Any
) -> None:
    (vendored.directory / "pyproject.toml").write_text("")
    assert sbom()["metadata"]["component"]["name"] == vendored.directory.name


AUDITWHEEL = json.dumps(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.4",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": "pkg:pypi/app@1.0?file_name=app.whl",
                "name": "app",
                "version": "1.0",
                "purl": "pkg:pypi/app@1.0?file_name=app.whl",
            },
            "tools": [{"name": "auditwheel", "version": "6.4"}],
        },
        "components": [
            {
                "type": "library",
                "bom-ref": "pkg:pypi/app@1.0?file_name=app.whl",
                "name": "app",
                "version": "1.0",
                "purl": "pkg:pypi/app@1.0?file_name=app.whl",
            },
            {
                "type": "library",
                "bom-ref": "pkg:rpm/almalinux/libgfortran@8.5.0#abc",
                "name": "libgfortran",
                "version": "8.5.0",
                "purl": "pkg:rpm/almalinux/libgfortran@8.5.0",
                "licenses": [{"license": {"id": "GPL-3.0-with-exceptions-of-ours"}}],
                "components": [{"type": "library", "name": "nested"}],
            },
            {"type": "library", "bom-ref": "quadmath", "name": "libquadmath"},
        ],
        "dependencies": [
            {
                "ref": "pkg:pypi/app@1.0?file_name=app.whl",
                "dependsOn": ["pkg:rpm/almalinux/libgfortran@8.5.0#abc"],
            },
            {"ref": "pkg:rpm/almalinux/libgfortran@8.5.0#abc", "dependsOn": ["quadmath"]},
            {"ref": "quadmath"},
        ],
    }
)


def test_sbom_of_a_wheel_stands_below_its_component(vendored: Vendored, sbom: Any) -> None:
    vendored.wheel(
        "app", requires=["tiny"], files={"app-1.0.dist-info/sboms/auditwheel.cdx.json": AUDITWHEEL}
    )
    vendored.wheel("tiny")
    vendored.lock(["app"])
    document = sbom()
    app, tiny = document["components"]
    gfortran, quadmath = app["components"]
    assert (gfortran["name"], quadmath["name"]) == ("libgfortran", "libquadmath")
    assert gfortran["purl"] == "pkg:rpm/almalinux/libgfortran@8.5.0"
    assert gfortran["licenses"] == [{"license": {"name": "GPL-3.0-with-exceptions-of-ours"}}]
    assert "components" not in tiny
    graph = needed(document)
    assert graph["pkg:pypi/app@1.0"] == ["pkg:pypi/tiny@1.0", gfortran["bom-ref"]]
    assert graph[gfortran["bom-ref"]] == [quadmath["bom-ref"]]
    assert {
        "type": "bom",
        "url": "requirements/src/app-1.0-py3-none-any.whl#app-1.0.dist-info/sboms/auditwheel.cdx.json",
    } in app["externalReferences"]


@pytest.mark.parametrize(
    ("purl", "is_part"),
    [
        ("pkg:pypi/Zope.App@1.0", False),
        ("pkg:pypi/zope_app@1.0?file_name=x.whl", False),
        ("pkg:pypi/zope.app@1.0#thirdparty/raqm", True),
        ("pkg:pypi/other@1.0", True),
        ("pkg:cargo/zope-app@1.0", True),
    ],
)
def test_wheel_itself_is_no_part_of_it(
    purl: str, is_part: bool, vendored: Vendored, sbom: Any
) -> None:
    part = {"type": "library", "name": "x", "bom-ref": "x", "purl": purl}
    document = {**COMPONENT, "metadata": {"component": part}}
    vendored.wheel("zope.app", files={"zope.app-1.0.dist-info/sboms/x.json": json.dumps(document)})
    vendored.lock()
    [app] = sbom()["components"]
    assert len(app.get("components", [])) == is_part


def test_same_sbom_in_two_wheels_is_merged_twice(vendored: Vendored, sbom: Any) -> None:
    for platform in ("manylinux_2_28_x86_64", "macosx_11_0_arm64"):
        vendored.wheel(
            "app",
            tag=f"cp312-cp312-{platform}",
            files={"app-1.0.dist-info/sboms/auditwheel.cdx.json": AUDITWHEEL},
        )
    vendored.lock()
    [app] = sbom()["components"]
    assert [each["name"] for each in app["components"]] == [
        *("libgfortran", "libgfortran", "libquadmath", "libquadmath")
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.spdx.json", '{"spdxVersion": "SPDX-2.3", "packages": []}'),
        ("x.spdx3.json", '{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}'),
        ("x.spdx", "# comment\nSPDXVersion: SPDX-2.3\n"),
        ("x.cdx.xml", '<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>'),
    ],
)
def test_sbom_in_another_format_is_referred_to(
    name: str, content: str, vendored: Vendored, sbom: Any
) -> None:
    vendored.wheel(files={f"tiny-1.0.dist-info/sboms/{name}": content})
    vendored.lock()
    [tiny] = sbom()["components"]
    assert tiny["externalReferences"][0] == {
        "type": "bom",
        "url": f"requirements/src/tiny-1.0-py3-none-any.whl#tiny-1.0.dist-info/sboms/{name}",
    }
    assert "components" not in tiny


COMPONENT = {"bomFormat": "CycloneDX", "specVersion": "1.6"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b'{"bomFormat": "CycloneDX"',
        b"\xff\xfe",
        b"[]",
        b'"text"',
        b"{}",
        b'{"bomFormat": "Other"}',
        *(
            json.dumps({**COMPONENT, **part}).encode()
            for part in (
                {"components": [{"type": "library"}]},
                {"components": [{"name": "x", "type": "no such type"}]},
                {"components": [{"name": 7, "type": "library"}]},
                {"components": [{"name": "x", "type": "library", "version": ["1"]}]},
                {"components": "x"},
                {"components": [7]},
                {"components": [{"name": "x", "type": "library", "purl": "no purl"}]},
                {"dependencies": [{"dependsOn": 7}]},
                {"metadata": []},
            )
        ),
        b"[" * 100_000,
    ],
)
def test_unreadable_sbom_of_a_wheel_is_named(
    content: bytes, vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.wheel(files={"tiny-1.0.dist-info/sboms/x.json": content})
    vendored.lock()
    assert vendored.run("sbom") == 1
    output = capsys.readouterr()
    assert output.out == "" and "Traceback" not in output.err
    assert output.err.startswith(
        "requirements/src/tiny-1.0-py3-none-any.whl#tiny-1.0.dist-info/sboms/x.json: "
        "this SBOM of the wheel can't be read: "
    )
    assert "\n  next: ${EDITOR:-vi} requirements/apps.in  # " in output.err


def test_hostile_texts_leave_the_sbom_valid(vendored: Vendored, sbom: Any) -> None:
    hostile = {
        **COMPONENT,
        "components": [
            {"type": "library", "name": HOSTILE, "bom-ref": "same"},
            {"type": "library", "name": "two", "bom-ref": "same", "version": HOSTILE},
            {"type": "library", "name": "three", "bom-ref": "project"},
            {"type": "library", "name": "four"},
        ],
        "dependencies": [{"ref": "gone", "dependsOn": ["same"]}, {"ref": "same"}],
    }
    vendored.wheel(
        headers=[f"License: {HOSTILE}", "License: caf\udce9"],
        files={f"tiny-1.0.dist-info/sboms/{HOSTILE}ü.json": json.dumps(hostile)},
    )
    vendored.lock()
    [tiny] = sbom()["components"]
    assert len(tiny["components"]) == 4


@pytest.mark.parametrize(
    "requirement",
    [
        f"other>{'9' * 5000}",
        f"other; python_version > '{'9' * 5000}'",
        "other @",
        "other; no_such > '1'",
        f"other{HOSTILE}",
        "caf\udce9",
    ],
)
def test_wrong_requirement_is_no_traceback(
    requirement: str, vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.wheel(requires=[requirement])
    vendored.lock()
    status = vendored.run("sbom")
    error = capsys.readouterr().err
    assert "Traceback" not in error and "unexpected" not in error and is_plain(error)
    if status:
        assert "its metadata has Requires-Dist: " in error


def test_file_is_written_by_one_rename(
    vendored: Vendored, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.wheel()
    vendored.lock()
    output = tmp_path / "sbom.json"
    assert vendored.run("sbom", "--output", str(output)) == 0
    assert capsys.readouterr().out == f"{output}: 1 package\n"
    before = output.read_bytes()
    (vendored.source / "tiny-1.0-py3-none-any.whl").write_bytes(b"damaged")
    assert vendored.run("sbom", "--output", str(output)) == 1
    assert output.read_bytes() == before
    assert vendored.run("sbom", "--output", str(tmp_path / "no/sbom.json")) == 1


def test_python_of_the_project_limits_the_dependencies(vendored: Vendored, sbom: Any) -> None:
    vendored.wheel("app", requires=[f'tiny; python_version != "{PYTHON}"'])
    vendored.wheel("tiny")
    vendored.lock(["app"])
    assert needed(sbom()).get("pkg:pypi/app@1.0", []) == []
    pythons = ("3.11", "3.12")
    targets = ", ".join(f'{{ python = "{each}", platform = "linux-x86_64" }}' for each in pythons)
    vendored.settings(f"targets = [{targets}]", python=">=3.11")
    assert needed(sbom())["pkg:pypi/app@1.0"] == ["pkg:pypi/tiny@1.0"]
