"""apache/reload: the processes of a site take turns, and nobody notices."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import apache
from tests.support.jobs import wait_for
from tests.support.site import USER, Site, give_away
from tests.support.visitors import visitors

pytestmark = pytest.mark.needs(apache.APACHE)

SWITCHES = 4
LATE = """
from django.http import HttpResponse

def late(request):
    import imported_late
    return HttpResponse(imported_late.RELEASE)

def slow(request):
    import os, time, uuid
    open(os.path.join("{begun}", str(uuid.uuid4())), "w").close()
    time.sleep(4)
    return late(request)

urlpatterns += [path("late", late), path("slow", slow)]
"""
LOG = """
with open("{loads}", "a") as loads:
    loads.write("{state}\\n")
"""


@pytest.fixture(scope="module")
def releases(server_root: Path, site: Site) -> Path:
    """The site's directory with two releases that work, 1 and 2, and 3, which can't be loaded."""
    root = server_root / "reloaded"
    directory = root / site.directory.name
    for name in "123":
        release = directory / "releases" / name
        shutil.copytree(site.directory, release, symlinks=True)
        for path in (release / "apache").glob("*.conf"):
            path.write_text(path.read_text().replace(str(server_root), str(root)))
        (release / "imported_late.py").write_text(f"RELEASE = {name}\n")
        with (release / "main" / "urls.py").open("a") as urls:
            urls.write(LATE.replace("{begun}", str(directory / "begun")))
        page = release / "main" / "templates" / "main" / "index.html"
        page.write_text(page.read_text().replace("<h1>", f"<p>release {name}</p><h1>"))
        # As rsync-release leaves it: a file that didn't change is a link to that of before, with
        # its time. Another time has all processes load the release at once, after the switch.
        wsgi = release / "apache/django.wsgi"
        if name == "1":
            starting, loaded = (
                LOG.format(loads=directory / "loads", state=state)
                for state in ("starting", "loaded")
            )
            *before, announced = wsgi.read_text().rpartition('announce("loaded"')
            wsgi.write_text("".join([starting, before[0], loaded, before[1], announced]))
        else:
            wsgi.unlink()
            os.link(directory / "releases/1/apache/django.wsgi", wsgi)
    (directory / "releases/3/main/apps.py").write_text("raise RuntimeError('a fault for a test')")
    (directory / "begun").mkdir()
    (directory / "loads").touch()
    give_away(directory)
    return directory


@pytest.fixture
def served(releases: Path) -> Iterator[apache.Apache]:
    """Release 1, served."""
    switch(releases, 1)
    (releases / "loads").write_text("")
    place = releases.parent / "apache"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    with apache.serve(place, releases / "current/apache/production.conf") as server:
        yield server


def switch(directory: Path, release: int) -> None:
    """What activate-release does."""
    (directory / "new").symlink_to(f"releases/{release}")
    (directory / "new").rename(directory / "current")


def reload(directory: Path) -> "subprocess.CompletedProcess[str]":
    """Run apache/reload as the site's user, by the path that Apache knows."""
    return subprocess.run(
        [directory / "current/apache/reload"],
        user=USER,
        group=USER,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )


def test_nobody_notices_a_switch(served: apache.Apache, releases: Path, site: Site) -> None:
    assert served.get("/", host=site.domain).status == 200
    loads = releases / "loads"
    wait_for(lambda: loads.read_text().split().count("loaded") == 2)
    loads.write_text("")
    with visitors(served, site.domain) as visits:
        for number in range(SWITCHES):
            release = 2 - number % 2
            switch(releases, release)
            run = reload(releases)
            assert run.returncode == 0, run.stdout + run.stderr
            assert run.stdout.count(" replaced ") == 2
            after = len(visits.all)
            for _ in range(20):
                assert f"release {release}" in served.get("/", host=site.domain).text
    assert len(visits.all) > after > 50 * SWITCHES
    assert set(visits.statuses) == {200}, visits
    # At any time, one of the two processes is loaded, so nobody waits.
    assert loads.read_text().split() == ["starting", "loaded"] * 2 * SWITCHES


def test_a_process_stays_with_the_release_that_it_started_from(
    served: apache.Apache, releases: Path, site: Site
) -> None:
    assert served.get("/", host=site.domain).status == 200
    switch(releases, 2)
    # This import is the first one after the switch.
    assert served.get("/late", host=site.domain).text == "1"
    assert reload(releases).returncode == 0
    assert served.get("/late", host=site.domain).text == "2"


def test_what_can_not_be_loaded_does_not_take_the_place_of_all(
    served: apache.Apache, releases: Path, site: Site
) -> None:
    assert served.get("/", host=site.domain).status == 200
    switch(releases, 3)
    run = reload(releases)
    assert run.returncode == 1
    assert "can't load the site; the others still run the old code\n  next: sudo tail" in run.stderr
    assert 200 in {served.get("/", host=site.domain).status for _ in range(50)}
    switch(releases, 1)
    run = reload(releases)
    assert run.returncode == 0, run.stdout + run.stderr
    assert {served.get("/", host=site.domain).status for _ in range(50)} == {200}


def test_a_process_alone_is_reloaded_by_touch(releases: Path, site: Site) -> None:
    switch(releases, 1)
    place = releases.parent / "alone"
    place.mkdir()
    alone = place / "alone.conf"
    text = (releases / "current/apache/production.conf").read_text()
    assert "processes=2" in text
    alone.write_text(text.replace("processes=2", "processes=1"))
    with apache.serve(place, alone) as server:
        assert "release 1" in server.get("/", host=site.domain).text
        switch(releases, 2)
        assert "release 1" in server.get("/", host=site.domain).text
        run = reload(releases)
        assert (run.returncode, run.stderr) == (0, "")
        assert "the next request loads the new code" in run.stdout
        assert "release 2" in server.get("/", host=site.domain).text


def test_a_place_that_apache_does_not_know_is_reloaded_by_touch(releases: Path) -> None:
    file = releases / "releases/1/apache/django.wsgi"
    before = file.stat().st_mtime_ns
    run = subprocess.run(
        [releases / "releases/1/apache/reload"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert f"names a site in {releases}/releases/1, so apache/django.wsgi was tou" in run.stdout
    assert file.stat().st_mtime_ns > before


def test_a_request_that_takes_long_ends_where_it_began(
    served: apache.Apache, releases: Path, site: Site
) -> None:
    assert served.get("/", host=site.domain).status == 200
    with ThreadPoolExecutor() as people:
        slow = [people.submit(served.get, "/slow", host=site.domain) for _ in range(4)]
        wait_for(lambda: len(os.listdir(releases / "begun")) == len(slow))
        switch(releases, 2)
        assert reload(releases).returncode == 0
        assert [each.result().text for each in slow] == ["1"] * 4
    assert served.get("/late", host=site.domain).text == "2"
