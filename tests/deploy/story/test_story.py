"""From a first push to rollbacks, with a real server, and what its visitors see."""

import os
import re
from pathlib import Path

import pytest

from tests.deploy.story.conftest import DOMAIN
from tests.support import apache
from tests.support.server import Server
from tests.support.site import USER
from tests.support.ssh_server import SSHD
from tests.support.working_copy import PAGE, WorkingCopy

pytestmark = pytest.mark.needs(apache.APACHE, SSHD, "git", "rsync", "unshare")

QUICK = ("--flag", "SKIP_TESTS")


def seen(serving: apache.Apache) -> str:
    """What the front page says."""
    page = serving.get("/", host=DOMAIN)
    assert page.status == 200, page.text
    lead = re.search('<p class="lead">(.*?)</p>', page.text)
    assert lead
    return lead[1]


def style(serving: apache.Apache) -> str:
    """The address of the front page's style sheet."""
    page = serving.get("/", host=DOMAIN).text
    return page.partition('rel="stylesheet" href="')[2].partition('"')[0]


def test_a_first_push_makes_all_that_an_empty_server_lacks(
    server: Server, serving: apache.Apache, project: WorkingCopy
) -> None:
    shared = server.site / "shared"
    dotenv = (shared / ".env").read_text()
    assert (shared / ".env").stat().st_mode & 0o777 == 0o600
    assert (shared / ".env").owner() == USER
    assert os.path.samefile(server.site / "current" / ".env", shared / ".env")
    assert (shared / "data" / "db.sqlite3").is_file()
    (shared / "media" / "photo.txt").write_text("uploaded")
    project.does("deploy", *QUICK)
    assert (shared / ".env").read_text() == dotenv
    assert serving.get("/media/photo.txt", host=DOMAIN).body == b"uploaded"
    assert serving.get("/.env", host=DOMAIN).status == 404
    assert serving.get("/healthz", host=DOMAIN).status == 200


def test_a_change_is_pushed_a_fault_halts_and_what_slips_through_is_taken_back(
    server: Server, serving: apache.Apache, project: WorkingCopy
) -> None:
    project.show("The first look")
    project.does("deploy", "-m", "first look")
    assert seen(serving) == "The first look"
    commit = project.show("The second look")
    project.does("deploy", "-m", "second look")
    assert seen(serving) == "The second look"
    live = server.release

    # A test fails: no file of this push reaches the server.
    project.edit("main/tests/test_pages.py", "There is no such page", "There is such a page")
    project.show("The third look")
    run = project.bootstrapper("deploy", "-m", "third look")
    assert run.returncode == 1
    assert "unit-tests: exit status" in run.stdout + run.stderr
    assert "There is such a page" in run.stdout + run.stderr
    assert (server.release, seen(serving)) == (live, "The second look")
    failed = project.pushes()[0]
    assert failed["state"] == "failed"
    assert not (server.site / "releases" / str(failed["id"])).exists()

    # Tests take any name of a static file, production only those that were collected.
    project.edit("main/tests/test_pages.py", "There is such a page", "There is no such page")
    project.edit(
        PAGE,
        "{% block content %}",
        "{% load static %}{% block content %}<img src=\"{% static 'missing.png' %}\">",
    )
    project.show("The fourth look")
    run = project.bootstrapper("deploy", "-m", "fourth look")
    assert run.returncode == 1
    assert "FAILED  front page and its styles" in run.stdout + run.stderr
    assert (server.release, seen(serving)) == (live, "The second look")
    back, failed = project.pushes()[:2]
    assert (failed["comment"], failed["state"]) == ("fourth look", "failed")
    assert (back["rollback_of"], back["state"]) == (failed["id"], "succeeded")
    assert f"releases/{back['rollback_to']}" == live

    # By hand: to what worked before what is live.
    printed = project.does("rollback")
    assert seen(serving) == "The first look"
    assert "second look" in printed or commit[:7] in printed
    project.does("rollback", "production", live.rpartition("/")[2])
    assert seen(serving) == "The second look"


def test_a_page_from_before_a_switch_still_finds_its_style(
    server: Server, serving: apache.Apache, project: WorkingCopy
) -> None:
    project.show("Before")
    project.does("deploy", *QUICK)
    before = style(serving)
    age(server.site / "current", days=60)
    project.show("After")
    project.does("deploy", *QUICK)
    after = style(serving)
    assert after != before
    assert "now: Before" in serving.get(before, host=DOMAIN).text
    project.does("rollback")
    assert style(serving) == before
    assert "now: After" in serving.get(after, host=DOMAIN).text


def age(release: Path, *, days: int) -> None:
    """Have the release be as if it had been made so many days ago."""
    for path in [release / "ve", *(release / "static").rglob("*")]:
        then = path.stat().st_mtime - days * 86400
        os.utime(path, (then, then))


def test_the_journal_of_a_push_is_no_part_of_the_project(
    serving: apache.Apache, project: WorkingCopy
) -> None:
    project.does("deploy", *QUICK)
    assert Path(project.directory / ".deploy").is_dir()
    assert project.git("status", "--porcelain") == ""
