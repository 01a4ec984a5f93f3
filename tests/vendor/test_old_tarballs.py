"""Names and forms that tarballs had before they were specified (PEP 625)."""

import pytest

from bootstrapper.ve.standards.filename import parse_filename
from tests.support.index import Index, make_tarball
from tests.vendor.conftest import MakeProject, files, vendor


@pytest.mark.parametrize(
    ("filename", "name", "version"),
    [
        # https://github.com/pypa/packaging/issues/527
        ("cffi-1.0.2-2.tar.gz", "cffi", "1.0.2-2"),
        ("Two.Words-1.0-beta1.zip", "two-words", "1.0-beta1"),
        ("one-2-1.0.tar.gz", "one-2", "1.0"),
        ("one-2-1.tar.gz", "one-2", "1"),
        ("one-1.0-1.2.tar.gz", "one-1-0", "1.2"),
        ("backports.ssl-match-hostname-3.5.0.1.tar.gz", "backports-ssl-match-hostname", "3.5.0.1"),
        ("pytz-2004d.tar.bz2", "pytz", "2004d"),
    ],
)
def test_name_and_version_of_a_tarball(filename: str, name: str, version: str) -> None:
    tarball = parse_filename(filename)
    assert (tarball.name, tarball.version) == (name, version)


def test_version_with_a_dash_is_vendored(index: Index, make_project: MakeProject) -> None:
    tarball = make_tarball(index.directory, "tiny", "1.0-2")
    project = make_project("tiny==1.0.post2")
    assert vendor(project) == 0
    assert tarball.name in files(project)
    assert vendor(project, "check") == 0
