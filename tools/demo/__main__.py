"""Generate a site, push it to a production directory, roll it back and run it, with Rolf."""

import argparse
import html
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.errors import BootstrapperError
from tools.demo.production import Production, Site, missing
from tools.demo.production import server as production_server
from tools.demo.rolf import Rolf, running
from tools.rolf_files import lay_out

REPOSITORY = Path(__file__).resolve().parents[2]
# The Pythons of the template's locks. The demo builds its ve with the running Python.
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
START_SECONDS = 30.0  # until the site must answer
END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(argv: Sequence[str] | None = None) -> int:
    """Run all steps and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--once", action="store_true", help="end after a check that the site answers"
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="DIRECTORY",
        help="take the screenshots for the docs (needs playwright and chromium-headless-shell)",
    )
    parser.add_argument(
        "--into",
        type=Path,
        default=REPOSITORY / ".demo",
        metavar="DIRECTORY",
        help="directory for the project; it is deleted first (default: .demo)",
    )
    options = parser.parse_args(argv)
    for number in END_SIGNALS:
        signal.signal(number, end)
    try:
        into = options.into.resolve()
        project = generate(into)
        step("rebuild the ve, offline", "./bootstrap.py", "--python", sys.executable, at=project)
        step("migrate", "./manage.py", "migrate", "--verbosity", "0", at=project)
        if lacking := missing():
            print(f"\n--- the demo skips pushes and Rolf: install {', '.join(lacking)}")
            return run(project, once=options.once)
        port = free_port(8001)
        with (
            production_server(into / "production", port) as process,
            staging_server(into / "staging") as staging,
        ):
            address = f"http://127.0.0.1:{port}/"
            site = Production(project, into / "production", address)
            push(site, process.pid, staging)
            with rolf(into / "rolf") as rolf_site:
                push_through(rolf_site, site)
                if options.pictures:
                    take_pictures(rolf_site, options.pictures)
                return run(
                    project,
                    once=options.once,
                    production=address,
                    rolf_site=rolf_site,
                    staging=staging,
                )
    except subprocess.CalledProcessError as error:
        print(
            f"make demo: {error.cmd[0]} ended with {error.returncode}; its output is above",
            file=sys.stderr,
        )
        return 1
    except BootstrapperError as error:
        print(f"make demo: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("\nended")
        return 0


def end(*_: object) -> None:
    """End the demo at the first signal: a second one would leave processes behind."""
    for number in END_SIGNALS:
        signal.signal(number, lambda *_: None)  # not SIG_IGN: a pending signal would be lost
    raise KeyboardInterrupt


def generate(into: Path) -> Path:
    """Generate the project demo_site in a directory that is deleted first, and return its path."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version not in PYTHONS:
        sys.exit(
            f"make demo: Python {version} is none of {', '.join(PYTHONS)}, which the "
            "template has locks for\n  next: make clean demo PYTHON=python3.14"
        )
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    step(
        "generate a project and vendor its files",
        sys.executable,
        "-m",
        "cookiecutter",
        "--no-input",
        "--output-dir",
        str(into),
        str(REPOSITORY),
        "project_name=Demo Site",
        "database=sqlite",
        f"python_version={version}",
        at=REPOSITORY,
    )
    return into / "demo_site"


def step(title: str, *command: str, at: Path) -> None:
    """Print what a command is for, and run it."""
    shown = " ".join(Path(word).name if word.startswith("/") else word for word in command)
    heading(f"{title}: {shown}")
    subprocess.run(command, cwd=at, check=True)


@contextmanager
def staging_server(directory: Path) -> Iterator[Site]:
    """Run the server of staging; it answers after the first push."""
    port = free_port(8003)
    with production_server(directory, port) as process:
        yield Site(directory, f"http://127.0.0.1:{port}/", process.pid)


def push(production: Production, server_pid: int, staging: Site) -> None:
    """Show a first push, the push of a change, and a rollback."""
    heading(
        f"production is a directory of this machine, {production.directory}; its server stands in "
        "for Apache"
    )
    production.prepare(server_pid, staging)
    heading("the first push")
    production.bootstrapper("deploy", "-m", "A new site")
    show_page(production.address)
    heading("the front page is changed, and pushed")
    production.show("Pushed in one step.")
    production.bootstrapper("deploy", "-m", "Say how it got here")
    show_page(production.address)
    heading("that was a mistake: back to what was live before")
    production.bootstrapper("rollback", "--yes")
    show_page(production.address)


@contextmanager
def rolf(directory: Path) -> Iterator[Rolf]:
    """Rolf, as a rolf_site sets it up."""
    heading("Rolf, for those of the rolf_site who push from a web page: vendor its files")
    lay_out(directory)
    step("rebuild its ve, offline", "./bootstrap.py", "--python", sys.executable, at=directory)
    port = free_port(8002)
    heading(f"run it, web server and worker: ./manage.py rolf --port {port}")
    with running(directory, port) as rolf_site:
        yield rolf_site


def push_through(rolf_site: Rolf, site: Production) -> None:
    """Show pushes that people of the rolf_site ask Rolf for: one fails, one is taken back."""
    heading("it gets the site's deployment; Anna may edit it, Dora push it, Paul look")
    rolf_site.define(site.project)
    heading("Anna pushes, then something that its tests don't let through")
    site.show("Autumn is here.")
    rolf_site.push("anna", "Autumn on the front page", "SKIP_TESTS")
    site.show("{% prices %}", "A list of prices")
    rolf_site.push("anna", "A list of prices")
    show_page(site.address)
    heading("Dora pushes, sees that it was a mistake, and takes it back")
    site.show("Prices from 2025.")
    rolf_site.push("dora", "New prices", "SKIP_TESTS")
    show_page(site.address)
    rolf_site.rollback("dora", "These are last year's prices")
    show_page(site.address)


def take_pictures(rolf_site: Rolf, directory: Path) -> None:
    """Take the screenshots for the docs."""
    from tools.demo.pictures import take

    heading(f"take screenshots of Rolf into {directory}")
    take(rolf_site, directory)


def heading(title: str) -> None:
    """Print a heading."""
    print(f"\n--- {title}", flush=True)


def show_page(address: str) -> None:
    """Print what a front page shows."""
    with urllib.request.urlopen(address, timeout=10) as response:
        lead = re.search(r'<p class="lead">(.*?)</p>', response.read().decode(), re.DOTALL)
    print(f"\n  {address} says: {html.unescape(lead[1]) if lead else 'nothing'}", flush=True)


def run(
    project: Path,
    *,
    once: bool,
    production: str = "",
    rolf_site: Rolf | None = None,
    staging: Site | None = None,
) -> int:
    """Run the site until Ctrl-C, or with `once` until its pages have answered."""
    port = free_port(8000)
    address = f"http://127.0.0.1:{port}/"
    heading(f"run the site as its developers do: ./manage.py runserver {port}")
    with server(project, port) as process:
        if not answers(address, process):
            print("make demo: the site does not answer; its output is above", file=sys.stderr)
            return 1
        if once:
            answered = [(status(page), page) for page in (address, f"{address}admin/login/")]
            answered += rolf_site.pages() if rolf_site else []
            for came, page in answered:
                print(came, page)
            return 0 if {came for came, _ in answered} == {200} else 1
        print(
            f"\n  {address}\n  {address}admin/  (./manage.py createsuperuser in {project} lets "
            "you in)\n"
            + (f"  {production} is production\n" if production else "")
            + (f"  {staging.address} shows staging, after a push to it\n" if staging else "")
            + (
                f"  {rolf_site.address} is Rolf; {rolf_site.login} signs in with {rolf_site.password}\n"
                + "".join(
                    f"    {login} signs in with {password}\n"
                    for login, password in rolf_site.people.items()
                )
                if rolf_site
                else ""
            )
            + "  Ctrl-C ends it\n",
            flush=True,
        )
        return process.wait()


@contextmanager
def server(project: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run Django's development server, and end all its processes afterwards."""
    process = subprocess.Popen(
        ["./manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
        cwd=project,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def answers(address: str, process: "subprocess.Popen[bytes]") -> bool:
    """Return whether the site answers within START_SECONDS and does not end before."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if status(address):
            return True
        time.sleep(0.1)
    return False


def status(address: str) -> int:
    """Return the HTTP status of a page, or 0 if no server answers."""
    try:
        with urllib.request.urlopen(address, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


def free_port(wanted: int) -> int:
    """Return the wanted port if it is free, or another free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port of 127.0.0.1 is free")


if __name__ == "__main__":
    sys.exit(main())
