"""Programs on the hosts restart, and visitors see a page while the site is closed.

systemctl and supervisorctl are stand-ins: no test restarts a service of the machine it runs on.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import apache
from tests.support.programs import program
from tests.support.recipe_runner import Push


@pytest.fixture
def bin_directory() -> Iterator[Path]:
    """A place whose name is one word, for programs that a setting names with their options."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


def calls(directory: Path) -> list[str]:
    """The words of each call of a stand-in."""
    return (directory / "calls").read_text().splitlines()


RECORDING = 'echo "$*" >>"${0%/*}/calls"\n'


def test_units_are_restarted_and_seen_to_be_active(anywhere: Push, bin_directory: Path) -> None:
    systemctl = program(bin_directory / "systemctl", RECORDING)
    ran = anywhere.run(
        "restart-systemd",
        SYSTEMD_UNITS="shop.service shop-worker.service",
        SYSTEMCTL=f"{systemctl} --user",
    ).ok()
    assert calls(bin_directory) == [
        "--user restart shop.service shop-worker.service",
        "--user is-active --quiet shop.service shop-worker.service",
    ]
    assert ran.stdout == "restarted, and active: shop.service shop-worker.service\n"


@pytest.mark.parametrize("failing", ["restart", "is-active"])
def test_a_unit_that_does_not_run_fails_with_what_it_says(
    here: Push, bin_directory: Path, failing: str
) -> None:
    systemctl = program(
        bin_directory / "systemctl",
        f"[ $1 != {failing} ] || exit 3\n[ $1 != status ] || echo it crashed",
    )
    here.run("restart-systemd", SYSTEMD_UNITS="shop.service", SYSTEMCTL=str(systemctl)).failed(
        "it crashed", "not all of these run: shop.service", "journalctl --unit=shop.service"
    )


def test_programs_of_supervisor_are_restarted(anywhere: Push, bin_directory: Path) -> None:
    supervisorctl = program(
        bin_directory / "supervisorctl",
        RECORDING
        + """
        [ "$1" != status ] || echo 'shop:web    RUNNING   pid 12, uptime 0:00:01'""",
    )
    ran = anywhere.run(
        "restart-supervisor", SUPERVISOR_PROGRAMS="shop:*", SUPERVISORCTL=str(supervisorctl)
    ).ok()
    assert calls(bin_directory) == ["restart shop:*", "status shop:*"]
    assert "RUNNING" in ran.stdout


@pytest.mark.parametrize(
    "state",
    [
        "shop:web   FATAL   Exited too quickly",
        "shop: ERROR (no such process)",
        "",
        "shop:a   RUNNING   pid 1\nshop:b   BACKOFF   RUNNING",
    ],
)
def test_a_program_that_does_not_run_fails_though_supervisorctl_ends_well(
    here: Push, bin_directory: Path, state: str
) -> None:
    supervisorctl = program(bin_directory / "supervisorctl", f"[ $1 != status ] || echo '{state}'")
    here.run(
        "restart-supervisor", SUPERVISOR_PROGRAMS="shop:*", SUPERVISORCTL=str(supervisorctl)
    ).failed(state, "not all of these run: shop:*")


def test_maintenance_goes_on_and_off(anywhere: Push) -> None:
    page = anywhere.target / "shared/maintenance.html"
    anywhere.run("maintenance-on").ok()
    assert "We are back in a few minutes" in page.read_text()
    assert page.stat().st_mode & 0o777 == 0o644
    (anywhere.checkout / "closed.html").write_text("""it's "closed" für $1""")
    anywhere.run("maintenance-on", MAINTENANCE_PAGE="closed.html").ok()
    assert page.read_text() == """it's "closed" für $1\n"""
    anywhere.run("maintenance-off").ok()
    assert not page.exists()
    anywhere.run("maintenance-off").ok()


def test_a_page_of_maintenance_that_is_missing_is_reported(here: Push) -> None:
    here.run("maintenance-on", MAINTENANCE_PAGE="closed.html").failed("closed.html")
    assert not (here.target / "shared").exists()


@pytest.mark.needs(apache.APACHE)
def test_the_lines_for_apache_show_the_page_with_503_and_then_the_site_again(
    here: Push, server_root: Path
) -> None:
    directory = server_root / "maintained"
    (directory / "htdocs").mkdir(parents=True)
    (directory / "htdocs/index.html").write_text("the site")
    recipe = Path(here.checkout).parent / "stages/01-maintenance-on.sh"
    here.settings["REMOTE_DIRECTORY"] = str(directory)
    here.run("maintenance-on").ok()
    lines = "\n".join(
        line.removeprefix("#")
        for line in recipe.read_text().splitlines()
        if line.startswith("#     ")
    ).replace("REMOTE_DIRECTORY", str(directory))
    assert "RewriteRule" in lines
    site = directory / "site.conf"
    site.write_text(
        f'<VirtualHost *:80>\nDocumentRoot "{directory}/htdocs"\n'
        f'<Directory "{directory}/htdocs">\nRequire all granted\n</Directory>\n'
        f"{lines}\n</VirtualHost>\n"
    )
    with apache.serve(directory, site, modules=[*apache.ENABLED, "rewrite"]) as server:
        closed = server.get("/", host="shop.example")
        assert (closed.status, "back in a few minutes" in closed.text) == (503, True)
        here.run("maintenance-off").ok()
        opened = server.get("/", host="shop.example")
        assert (opened.status, opened.text) == (200, "the site")
