"""Two sites in one Apache: reloading one leaves the other alone."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import apache
from tests.support.site import USER, Site
from tests.support.visitors import visitors

pytestmark = pytest.mark.needs(apache.APACHE)


def test_reload_of_one_site_leaves_the_other_alone(server_root: Path, site: Site) -> None:
    root = server_root / "two-sites"
    sites = {}
    for place, domain in (("production", site.domain), ("staging", "staging.first.example")):
        directory = root / (site.directory.name + ("-staging" if place == "staging" else ""))
        shutil.copytree(site.directory, directory, symlinks=True)
        for path in (directory / "apache").glob("*.conf"):
            path.write_text(path.read_text().replace(str(server_root), str(root)))
        sites[place] = Site(directory=directory, domain=domain, place=place).install()
    (root / "apache").mkdir()
    one, other = sites["production"], sites["staging"]
    groups = [f"{site.directory.name}-{place}" for place in ("production", "staging")]
    with apache.serve(root / "apache", one.configuration, other.configuration) as server:
        for each in (one, other):
            assert server.get("/", host=each.domain).status == 200
        before = [apache.both_processes(group) for group in groups]
        with visitors(server, other.domain) as visits:
            for _ in range(2):
                run = subprocess.run(
                    [one.directory / "apache/reload"],
                    user=USER,
                    group=USER,
                    extra_groups=[],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert run.returncode == 0, run.stdout + run.stderr
                assert run.stdout.count(" replaced ") == 2, run.stdout
        after = [apache.processes(group) for group in groups]
        assert set(visits.statuses) == {200}, visits
        assert len(visits.all) > 20
    assert len(before[0]) == len(after[0]) == len(before[1]) == 2
    assert not before[0] & after[0]
    assert before[1] == after[1]
