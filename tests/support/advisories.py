"""Advisories of old releases, as facts from the Python Packaging Advisory Database and GitHub's.

Each has its identifier, the name of the package as the database writes it, aliases, the time of its
last change, the events of its ranges, and which of the releases in RELEASES it lists as affected.
"""

import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

RELEASES = {
    "certifi": "2015.4.27 2017.11.5 2022.9.24 2022.12.7 2023.5.7 2023.7.22",
    "django": "1.11 2.2 2.2.27 2.2.28 3.1 3.2 3.2.12 3.2.13 3.2.18 3.2.19 3.2.20 4.0 4.0.3 4.0.4 "
    "4.1.8 4.1.9 4.1.10 4.2 4.2.1 4.2.2 4.2.3",
    "flask": "0.12.2 0.12.3 2.2.4 2.2.5 2.3.0 2.3.1 2.3.2",
    "jinja2": "2.7.1 2.9.6 2.10 2.10.1 2.11.2 2.11.3",
    "pillow": "8.4.0 9.0.0 9.5.0 10.0.0 10.0.1",
    "py": "0.8.0a2 1.4.32.dev1 1.11.0 1.11.1",
    "pyyaml": "3.13 5.1 5.1.2 5.3b1 5.3 5.3.1 5.4",
    "requests": "2.2.1 2.3.0 2.9.2 2.19.1 2.20.0 2.30.0 2.31.0",
    "sqlparse": "0.1.14 0.1.15 0.4.1 0.4.2 0.4.3 0.4.4",
    "urllib3": "1.26.4 1.26.5 1.26.16 1.26.17 1.26.18 2.0.0 2.0.5 2.0.6 2.0.7",
    "werkzeug": "2.2.2 2.2.3 2.3.8 3.0.0 3.0.1",
}
_DJANGO_2022 = "2.2-2.2.28 3.2-3.2.13 4.0-4.0.4"
_AFFECTED_2022 = "2.2 2.2.27 3.2 3.2.12 4.0 4.0.3"
# identifier, package, aliases, modified, ranges (introduced-fixed, or introduced..last affected),
# affected releases
_FACTS = [
    ("PYSEC-2022-190", "django", "CVE-2022-28346 GHSA-2gwj-7jmv-h26r", "2022-05-17T23:28:24.739985Z",
     _DJANGO_2022, _AFFECTED_2022),
    ("GHSA-2gwj-7jmv-h26r", "Django", "CVE-2022-28346", "2022-04-22T20:33:03Z",
     _DJANGO_2022, _AFFECTED_2022),
    ("PYSEC-2022-191", "django", "CVE-2022-28347 GHSA-w24h-v9qh-8gxj", "2022-05-17T23:28:24.874544Z",
     _DJANGO_2022, _AFFECTED_2022),
    ("PYSEC-2023-61", "django", "CVE-2023-31047", "2023-06-05T01:12:51.525399Z",
     "4.0-4.1.9 4.2-4.2.1 3.2-3.2.19", "3.2 3.2.12 3.2.13 3.2.18 4.0 4.0.3 4.0.4 4.1.8 4.2"),
    ("PYSEC-2023-100", "django", "CVE-2023-36053", "2023-07-11T16:37:11.407533Z",
     "4.2-4.2.3 4.0-4.1.10 3.2-3.2.20",
     "3.2 3.2.12 3.2.13 3.2.18 3.2.19 4.0 4.0.3 4.0.4 4.1.8 4.1.9 4.2 4.2.1 4.2.2"),
    ("PYSEC-2019-217", "jinja2", "CVE-2019-10906", "2021-11-22T04:57:52.862665Z",
     "0-2.10.1", "2.7.1 2.9.6 2.10"),
    ("GHSA-462w-v97r-4m45", "Jinja2", "CVE-2019-10906", "2023-08-30T21:01:31Z",
     "0-2.10.1", "2.7.1 2.9.6 2.10"),
    ("PYSEC-2021-66", "jinja2", "CVE-2020-28493 SNYK-PYTHON-JINJA2-1012994", "2021-03-22T16:34:00Z",
     "0-2.11.3", "2.7.1 2.9.6 2.10 2.10.1 2.11.2"),
    ("PYSEC-2021-108", "urllib3", "CVE-2021-33503", "2021-07-02T18:56:20.858344Z",
     "0-1.26.5", "1.26.4"),
    ("PYSEC-2023-192", "urllib3", "CVE-2023-43804 GHSA-v845-jxx5-vc9f", "2023-10-10T14:28:19.389317Z",
     "2.0.0-2.0.6 0-1.26.17", "1.26.4 1.26.5 1.26.16 2.0.0 2.0.5"),
    ("GHSA-v845-jxx5-vc9f", "urllib3", "CVE-2023-43804", "2023-11-04T00:30:22Z",
     "2.0.0-2.0.6 0-1.26.17", "1.26.4 1.26.5 1.26.16 2.0.0 2.0.5"),
    ("PYSEC-2023-212", "urllib3", "CVE-2023-45803 GHSA-g4mx-q9vg-27p4", "2023-10-25T18:28:34.811764Z",
     "2.0.0-2.0.7 0-1.26.18", "1.26.4 1.26.5 1.26.16 1.26.17 2.0.0 2.0.5 2.0.6"),
    ("PYSEC-2018-28", "requests", "CVE-2018-18074", "2021-06-16T00:03:24.800813Z",
     "0-2.20.0", "2.2.1 2.3.0 2.9.2 2.19.1"),
    ("PYSEC-2023-74", "requests", "CVE-2023-32681 GHSA-j8r2-6x86-q33q", "2023-06-05T01:13:00.534973Z",
     "2.3.0-2.31.0", "2.3.0 2.9.2 2.19.1 2.20.0 2.30.0"),
    ("PYSEC-2021-142", "pyyaml", "CVE-2020-14343 GHSA-8q59-q68h-6hv4", "2021-08-27T03:22:18.913334Z",
     "0-5.4", "3.13 5.1 5.1.2 5.3b1 5.3 5.3.1"),
    ("PYSEC-2020-96", "pyyaml", "CVE-2020-1747", "2021-03-26T02:44:00Z",
     "5.1-5.3.1", "5.1 5.1.2 5.3b1 5.3"),
    ("PYSEC-2023-227", "pillow", "CVE-2023-44271", "2023-11-03T10:29:41.505456Z",
     "0-10.0.0", "8.4.0 9.0.0 9.5.0"),
    ("PYSEC-2023-175", "pillow", "", "2023-09-25T17:12:36Z",
     "0-10.0.1", "8.4.0 9.0.0 9.5.0 10.0.0"),
    ("PYSEC-2022-10", "pillow", "CVE-2022-22817 GHSA-8vj2-vxx3-667w", "2022-01-24T23:48:19.853348Z",
     "0-9.0.0", "8.4.0"),
    ("PYSEC-2023-221", "werkzeug", "CVE-2023-46136 GHSA-hrfv-mqp8-q5rw",
     "2023-11-08T18:38:34.170214Z", "0-3.0.1", "2.2.2 2.2.3 2.3.8 3.0.0"),
    ("PYSEC-2023-57", "werkzeug", "CVE-2023-23934 GHSA-px8h-6qxv-m22q", "2023-05-04T03:49:48.931463Z",
     "0-2.2.3", "2.2.2"),
    ("PYSEC-2021-333", "sqlparse", "CVE-2021-32839 GHSA-p5w8-wqhj-9hhf",
     "2021-09-23T00:11:34.256842Z", "0-0.4.2", "0.1.14 0.1.15 0.4.1"),
    ("PYSEC-2023-87", "sqlparse", "CVE-2023-30608 GHSA-rrm6-wvj7-cwh2", "2023-06-14T20:24:17.342510Z",
     "0.1.15-0.4.4", "0.1.15 0.4.1 0.4.2 0.4.3"),
    ("PYSEC-2023-62", "flask", "CVE-2023-30861 GHSA-m2qf-hxjv-5gpq", "2023-06-05T01:12:52.229549Z",
     "0-2.2.5 2.3.0-2.3.2", "0.12.2 0.12.3 2.2.4 2.3.0 2.3.1"),
    ("PYSEC-2018-66", "flask", "CVE-2018-1000656", "2021-08-25T04:30:09.712538Z",
     "0-0.12.3", "0.12.2"),
    ("PYSEC-2022-42986", "certifi", "CVE-2022-23491 GHSA-43fp-rhv2-5gv8",
     "2023-05-04T03:49:45.039819Z", "2017.11.5-2022.12.7", "2017.11.5 2022.9.24"),
    ("PYSEC-2023-135", "certifi", "CVE-2023-37920 GHSA-xqr8-7jwr-rhp7", "2023-08-07T05:41:30.977938Z",
     "2015.4.28-2023.7.22", "2017.11.5 2022.9.24 2022.12.7 2023.5.7"),
    ("PYSEC-2022-42969", "py", "CVE-2022-42969 GHSA-w596-4wvx-j9j6", "2022-11-04T11:00:00Z",
     "0..1.11.0", "0.8.0a2 1.4.32.dev1 1.11.0"),
]  # fmt: skip


def recorded() -> list[dict[str, Any]]:
    """Return the advisories as OSV records, with the affected releases and with the ranges."""
    return [
        osv(identifier, name, *ranges.split(), aliases=aliases.split(), modified=modified,
            versions=affected.split())
        for identifier, name, aliases, modified, ranges, affected in _FACTS
    ]  # fmt: skip


def osv(
    identifier: str,
    name: str,
    *ranges: str,
    aliases: Iterable[str] = (),
    modified: str = "2026-01-01T00:00:00Z",
    versions: Iterable[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """Return an OSV record. A range is `1.0-2.0` (fixed), `1.0..1.9` (last affected) or `1.0-`."""
    return {
        "schema_version": "1.6.0",
        "id": identifier,
        "modified": modified,
        "aliases": list(aliases),
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": name},
                "ranges": [
                    {
                        "type": "ECOSYSTEM",
                        "events": [each for text in ranges for each in _events(text)],
                    }
                ]
                if ranges
                else [],
                "versions": list(versions),
            }
        ],
        **more,
    }


def _events(text: str) -> list[Mapping[str, str]]:
    kind = "last_affected" if ".." in text else "fixed"
    first, _, last = text.partition(".." if ".." in text else "-")
    return [{"introduced": first}, *([{kind: last}] if last else [])]


def write_zip(path: Path, records: Iterable[object]) -> Path:
    """Write records as the zip file that an OSV server offers; return its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, record in enumerate(records):
            name = record["id"] if isinstance(record, dict) and "id" in record else number
            archive.writestr(f"{name}.json", json.dumps(record))
    return path
