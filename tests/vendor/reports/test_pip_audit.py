"""`audit` finds in recorded advisories what pip-audit finds with the same advisories.

pip-audit leaves the comparison of versions to a server. The server of this test answers by the
releases that the databases list as affected; `audit` gets the ranges alone. So the two agree only if
`audit` compares versions as the databases did.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.advisories import RELEASES, recorded, write_zip
from tests.vendor.reports.conftest import Json, Vendored

pytestmark = pytest.mark.system

Ids = frozenset[str]


class _Osv(BaseHTTPRequestHandler):
    """Answers `POST /v1/query` as an OSV server does."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = [
            record
            for record in recorded()
            for affected in record["affected"]
            if affected["package"]["name"].lower() == asked["package"]["name"]
            and asked["version"] in affected["versions"]
        ]
        # pip-audit compares names as they are written.
        for record in found:
            for affected in record["affected"]:
                affected["package"]["name"] = affected["package"]["name"].lower()
        body = json.dumps({"vulns": found} if found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def osv_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Osv)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


def pip_audit(pins: list[str], osv_url: str, scratch: Path) -> dict[str, dict[Ids, list[str]]]:
    """Return the ids and fixed versions of the vulnerabilities of each pin."""
    (scratch / "pins.txt").write_text("".join(f"{pin}\n" for pin in pins))
    run = subprocess.run(
        [
            sys.executable,
            *("-m", "pip_audit", "--requirement", scratch / "pins.txt"),
            *("--no-deps", "--disable-pip", "--vulnerability-service", "osv"),
            *("--osv-url", osv_url, "--format", "json", "--progress-spinner", "off"),
            *("--cache-dir", scratch / "pip-audit", "--aliases", "on"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in (0, 1) and run.stdout, run.stderr
    found: dict[str, dict[Ids, list[str]]] = {}
    for each in json.loads(run.stdout)["dependencies"]:
        found[f"{each['name']}=={each['version']}"] = {
            frozenset([vulnerability["id"], *vulnerability["aliases"]]): vulnerability[
                "fix_versions"
            ]
            for vulnerability in each["vulns"]
        }
    return found


def test_audit_finds_what_pip_audit_finds(
    vendored: Vendored, osv_url: str, tmp_path: Path, printed_json: Json
) -> None:
    releases = {name: versions.split() for name, versions in RELEASES.items()}
    for name, versions in releases.items():
        for version in versions:
            vendored.wheel(name, version)
    vendored.lock()
    records = recorded()
    assert len(records) >= 20
    for record in records:
        for affected in record["affected"]:
            affected["versions"] = []
    advisories = write_zip(tmp_path / "all.zip", records)
    ours: dict[str, dict[Ids, str]] = {}
    found: list[dict[str, Any]] = printed_json("audit", "--advisories", str(advisories))["findings"]
    for each in found:
        pin = f"{each['name']}=={each['version']}"
        ours.setdefault(pin, {})[frozenset(each["ids"])] = each["fixed"]

    theirs: dict[str, dict[Ids, list[str]]] = {}
    for number in range(max(map(len, releases.values()))):
        pins = [
            f"{name}=={versions[number]}"
            for name, versions in releases.items()
            if number < len(versions)
        ]
        theirs |= pip_audit(pins, osv_url, tmp_path)
    assert {pin: set(ids) for pin, ids in ours.items()} == {
        pin: set(ids) for pin, ids in theirs.items() if ids
    }
    assert sum(map(len, ours.values())) > 100
    for pin, fixes in ours.items():
        for ids, fixed in fixes.items():
            # pip-audit lists the fixed versions of all ranges; one of them is the smallest that helps.
            assert fixed in theirs[pin][ids] or (fixed == "" and theirs[pin][ids] == [])
