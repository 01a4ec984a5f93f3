"""What visitors see changes by one rename, and can change back."""

import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests.support.recipe_runner import Push


def releases(push: Push, *numbers: int) -> None:
    for number in numbers:
        push.release(number).mkdir(parents=True)
        (push.release(number) / "number").write_text(str(number))


def link(push: Push, name: str) -> str:
    return os.readlink(push.target / name)


def test_current_is_switched_and_previous_is_what_it_was(anywhere: Push) -> None:
    releases(anywhere, 1, 2)
    first = anywhere.run("activate-release").ok()
    assert link(anywhere, "current") == "releases/1"
    assert not (anywhere.target / "previous").exists()
    assert first.stdout == "current is releases/1\n"
    anywhere.numbered(2)
    second = anywhere.run("activate-release").ok()
    assert (link(anywhere, "current"), link(anywhere, "previous")) == ("releases/2", "releases/1")
    assert second.stdout == "current is releases/2, and was releases/1\n"
    assert sorted(os.listdir(anywhere.target)) == ["current", "previous", "releases"]


def test_a_fast_rollback_switches_to_the_old_release_without_a_checkout(here: Push) -> None:
    releases(here, 1, 2)
    here.numbered(2)
    here.run("activate-release").ok()
    here.run("activate-release", ROLF_PUSH_ID="3", RELEASE="1").ok()
    assert (link(here, "current"), link(here, "previous")) == ("releases/1", "releases/2")


def test_a_resumed_push_does_not_forget_the_previous_release(here: Push) -> None:
    releases(here, 1, 2)
    here.run("activate-release").ok()
    here.numbered(2)
    here.run("activate-release").ok()
    assert here.run("activate-release").ok().stdout == "current is releases/2 already\n"
    assert link(here, "previous") == "releases/1"


def test_links_left_by_an_interrupted_switch_are_no_hindrance(here: Push) -> None:
    releases(here, 1)
    (here.target / ".current.new").symlink_to("releases/0")
    here.run("activate-release").ok()
    assert link(here, "current") == "releases/1"


def test_at_every_instant_of_a_switch_visitors_see_a_whole_release(here: Push) -> None:
    releases(here, 1, 2)
    here.run("activate-release").ok()
    seen: set[str] = set()
    stop = threading.Event()

    def visit() -> None:
        while not stop.is_set():
            seen.add((here.target / "current/number").read_text())

    visitor = threading.Thread(target=visit, daemon=True)
    visitor.start()
    try:
        for number in (2, 1, 2, 1, 2):
            here.run("activate-release", RELEASE=str(number)).ok()
    finally:
        stop.set()
        visitor.join()
    assert seen == {"1", "2"}


def test_a_release_that_is_not_there_is_refused_and_the_live_one_stays(here: Push) -> None:
    releases(here, 1)
    here.run("activate-release").ok()
    here.numbered(2)
    (here.target / "releases/.2.partial").mkdir()
    here.run("activate-release").failed("there is no releases/2; the live release is unchanged")
    assert link(here, "current") == "releases/1"


def test_a_release_without_a_ve_that_works_is_refused(here: Push) -> None:
    releases(here, 1)
    (here.release(1) / "bootstrap.py").touch()
    here.run("activate-release").failed("releases/1 has no working ve")
    python = here.release(1) / "ve/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/usr/bin/python3")
    here.run("activate-release").ok()


def test_a_directory_called_current_is_left_alone(here: Push) -> None:
    releases(here, 1)
    (here.target / "current").mkdir()
    (here.target / "current/precious").touch()
    here.run("activate-release").failed("current is not a link")
    assert (here.target / "current/precious").exists()


@pytest.mark.parametrize("live", ["current", "."])
def test_the_wsgi_file_of_what_is_live_is_touched(anywhere: Push, live: str) -> None:
    releases(anywhere, 1)
    if live == "current":
        anywhere.run("activate-release").ok()
    file = anywhere.target / live / "apache/django.wsgi"
    file.parent.mkdir()
    file.touch()
    os.utime(file, (1, 1))
    ran = anywhere.run("touch-wsgi").ok()
    assert file.stat().st_mtime > 1
    assert ran.stdout == f"touched {file.resolve()}\n"


@pytest.mark.parametrize("mode", [0o755, 0o644])
def test_reload_runs_without_its_execute_bit(here: Push, mode: int) -> None:
    """A project that came out of a zip has lost it."""
    (here.target / "apache").mkdir()
    (here.target / "apache/django.wsgi").touch()
    program = here.target / "apache/reload"
    program.write_text("#!/usr/bin/env bash\necho reloaded by $BASH $0\n")
    program.chmod(mode)
    assert "reloaded by" in here.run("touch-wsgi").ok().stdout
    program.write_text("not a script\n")
    program.chmod(0o644)
    assert here.run("touch-wsgi").ok().stdout.startswith("touched ")


def test_a_missing_wsgi_file_is_reported(here: Push) -> None:
    (here.target / "apache").mkdir()
    here.run("touch-wsgi", WSGI_FILE="apache/my site.wsgi").failed("no apache/my site.wsgi")
    (here.target / "apache/my site.wsgi").touch()
    here.run("touch-wsgi", WSGI_FILE="apache/my site.wsgi").ok()


def log(push: Push, *records: tuple[int, str, int | None]) -> None:
    lines = [
        json.dumps(
            {
                "id": number,
                "state": state,
                "release": release,
                "stages": [{"name": "x", "state": "succeeded"}],
            }
        )
        for number, state, release in records
    ]
    (push.target / "pushes.log").write_text("\n".join(lines) + "\n")


def left(push: Push) -> list[int]:
    return sorted(
        int(path.name) for path in (push.target / "releases").iterdir() if path.name.isdigit()
    )


def make_live(push: Push, number: int, previous: int) -> None:
    for name, each in (("previous", previous), ("current", number)):
        push.run("activate-release", RELEASE=str(each)).ok()
        assert link(push, "current") == f"releases/{each}", name


def test_the_newest_that_worked_are_kept_and_failed_ones_do_not_push_them_out(
    anywhere: Push,
) -> None:
    releases(anywhere, *range(1, 13))
    make_live(anywhere, 12, previous=11)
    failed = (5, 6, 7, 8, 9, 10)
    log(
        anywhere,
        *(
            (number, "failed" if number in failed else "succeeded", number)
            for number in range(1, 12)
        ),
        (12, "running", 12),
    )
    anywhere.numbered(12)
    ran = anywhere.run("prune-releases", KEEP_RELEASES="3").ok()
    assert left(anywhere) == [3, 4, 11, 12]
    assert ran.stdout == "kept 12, 11, 4, 3; removed 10, 9, 8, 7, 6, 5, 2, 1\n"


def test_five_are_kept_unless_a_setting_says_otherwise(here: Push) -> None:
    releases(here, *range(1, 9))
    make_live(here, 8, previous=7)
    here.numbered(8)
    here.run("prune-releases").ok()
    assert left(here) == [4, 5, 6, 7, 8]


def test_current_previous_and_the_last_that_worked_are_never_removed(here: Push) -> None:
    releases(here, *range(1, 10))
    make_live(here, 1, previous=2)
    # The last push that worked went back to 3; since then all have failed.
    log(
        here,
        *((number, "failed", number) for number in range(1, 10)),
        (10, "succeeded", 3),
        (11, "lost", 11),
    )
    here.numbered(12)
    here.run("prune-releases", KEEP_RELEASES="1").ok()
    assert left(here) == [1, 2, 3]


def test_the_last_line_of_a_push_counts_and_torn_lines_do_not(here: Push) -> None:
    releases(here, 1, 2, 3)
    make_live(here, 3, previous=3)
    (here.target / "pushes.log").write_text(
        '{"id": 1, "state": "running"}\n{"id": 2, "sta\n{"id": 2, "state": "running"}\n[]\n1\n'
        '{"id": 1, "state": "succeeded"}\n{"id": 2, "state": "failed"}\n'
    )
    here.numbered(3)
    here.run("prune-releases").ok()
    assert left(here) == [1, 3]


def test_what_is_half_sent_or_half_removed_goes_and_other_files_stay(here: Push) -> None:
    releases(here, 1)
    make_live(here, 1, previous=1)
    for name in (".7.partial", ".8.gone", "somebody's notes"):
        (here.target / "releases" / name).mkdir()
    assert here.run("prune-releases").ok().stdout == "kept 1\n"
    assert sorted(os.listdir(here.target / "releases")) == ["1", "somebody's notes"]


def test_a_release_that_cannot_be_removed_fails_nothing_and_is_reported(here: Push) -> None:
    releases(here, 1, 2, 3)
    make_live(here, 3, previous=3)
    here.numbered(3)
    fixed = here.release(1)
    if subprocess.run(["chattr", "+i", fixed / "number"], capture_output=True).returncode:
        pytest.skip("needs to be root on a file system with chattr")
    try:
        ran = here.run("prune-releases", KEEP_RELEASES="1").ok()
        assert "releases/1 is not removed" in ran.stderr
        assert left(here) == [3]
    finally:
        subprocess.run(["chattr", "-R", "-i", Path(here.target / "releases")], check=True)


def test_what_cannot_be_pruned_is_reported(here: Push) -> None:
    here.run("prune-releases", KEEP_RELEASES="0").failed("'0' is not a number from 1 on")
    here.run("prune-releases").failed("releases cannot be listed or removed")


def apache_release(push: Push) -> Path:
    """The live release with a configuration for Apache; returns that file."""
    directory = push.release(1) / "apache"
    directory.mkdir(parents=True)
    (directory / "django.wsgi").touch()
    (directory / "production.conf").write_text("<VirtualHost *:80>\n")
    push.run("activate-release").ok()
    return directory / "production.conf"


def test_apache_copy_of_root_that_is_up_to_date_is_not_mentioned(
    anywhere: Push, tmp_path: Path
) -> None:
    source = apache_release(anywhere)
    copy = tmp_path / "shop.conf"
    copy.write_bytes(source.read_bytes())
    copy.chmod(0o644)
    assert anywhere.run("touch-wsgi", APACHE_CONFIG=str(copy)).ok().stderr == ""
    assert anywhere.run("touch-wsgi").ok().stderr == ""  # nothing in /etc/apache2 is this site's


def test_apache_copy_that_is_old_is_named_with_the_command_for_root(
    anywhere: Push, tmp_path: Path
) -> None:
    source = apache_release(anywhere)
    copy = tmp_path / "it's a shop.conf"
    copy.write_text("<VirtualHost *:81>\n")
    copy.chmod(0o644)
    reported = anywhere.run("touch-wsgi", APACHE_CONFIG=str(copy)).ok().stderr
    assert f"{copy} differs from this release's apache/production.conf" in reported
    command = next(line for line in reported.splitlines() if line.strip().startswith("install "))
    subprocess.run(["bash", "-euc", command], check=True)
    assert copy.read_bytes() == source.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o644
    assert anywhere.run("touch-wsgi", APACHE_CONFIG=str(copy)).ok().stderr == ""


def test_apache_configuration_that_others_can_change_is_a_warning(
    here: Push, tmp_path: Path
) -> None:
    source = apache_release(here)
    link = tmp_path / "enabled.conf"
    link.symlink_to(here.target / "current/apache/production.conf")
    os.chown(source, 33, 33)
    copy = tmp_path / "writable.conf"
    copy.write_bytes(source.read_bytes())
    copy.chmod(0o666)
    for file in (link, copy):
        reported = here.run("touch-wsgi", APACHE_CONFIG=str(file)).ok().stderr
        assert f"users other than root can change {file}" in reported
    reported = here.run("touch-wsgi", APACHE_CONFIG=str(tmp_path / "none.conf")).ok().stderr
    assert f"there is no {tmp_path}/none.conf" in reported
