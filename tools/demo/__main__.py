"""From nothing to a running site, pushed to production and back, as `make demo` shows it."""

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
# The template's lock covers these; the ve is built of the Python that runs this, if it is one.
PYTHONS = ("3.11", "3.12", "3.13")
PATIENCE = 30.0  # seconds until the site must answer
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(argv: Sequence[str] | None = None) -> int:
    """Generate, vendor, rebuild, migrate, push, roll back, run, Rolf; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="check that the site answers, then end")
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="DIRECTORY",
        help="take the docs' pictures of Rolf (playwright and chromium)",
    )
    parser.add_argument(
        "--into",
        type=Path,
        default=REPOSITORY / ".demo",
        metavar="DIRECTORY",
        help="where the project is generated; wiped first (default: .demo)",
    )
    options = parser.parse_args(argv)
    for number in ENDING:
        signal.signal(number, end)
    try:
        into = options.into.resolve()
        project = generate(into)
        step("rebuild the ve, offline", "./bootstrap.py", "--python", sys.executable, at=project)
        step("migrate", "./manage.py", "migrate", "--verbosity", "0", at=project)
        if lacking := missing():
            print(f"\n--- no push is shown, and no Rolf: this machine has no {', '.join(lacking)}")
            return run(project, once=options.once)
        port = free_port(8001)
        with (
            production_server(into / "production", port) as process,
            staging_server(into / "staging") as staging,
        ):
            address = f"http://127.0.0.1:{port}/"
            site = Production(project, into / "production", address)
            push(site, process.pid, staging)
            with rolf(into / "rolf") as shop:
                push_through(shop, site)
                if options.pictures:
                    take_pictures(shop, options.pictures)
                return run(
                    project, once=options.once, production=address, shop=shop, staging=staging
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
    """End the demo, once: a second signal would leave processes behind that are being ended."""
    for number in ENDING:
        signal.signal(number, lambda *_: None)  # SIG_IGN meets a signal that is on its way
    raise KeyboardInterrupt


def generate(into: Path) -> Path:
    """A new project, demo_site, in a directory that is wiped first."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version not in PYTHONS:
        sys.exit(
            f"make demo: Python {version} is not among {', '.join(PYTHONS)}, which the "
            "template has locked files for\n  next: make clean demo PYTHON=python3.13"
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
    """Run one command, and say what it is for."""
    shown = " ".join(Path(word).name if word.startswith("/") else word for word in command)
    say(f"{title}: {shown}")
    subprocess.run(command, cwd=at, check=True)


@contextmanager
def staging_server(directory: Path) -> Iterator[Site]:
    """Where staging is pushed to; visitors wait there until the first push."""
    port = free_port(8003)
    with production_server(directory, port) as process:
        yield Site(directory, f"http://127.0.0.1:{port}/", process.pid)


def push(production: Production, server_pid: int, staging: Site) -> None:
    """Show a first push, a change that is pushed, and the way back."""
    say(
        f"production is a directory of this machine, {production.directory}; its server stands in "
        "for Apache"
    )
    production.prepare(server_pid, staging)
    say("the first push")
    production.bootstrapper("deploy", "-m", "A new site")
    show_page(production.address)
    say("the front page is changed, and pushed")
    production.show("Pushed in one step.")
    production.bootstrapper("deploy", "-m", "Say how it got here")
    show_page(production.address)
    say("that was a mistake: back to what was live before")
    production.bootstrapper("rollback", "--yes")
    show_page(production.address)


@contextmanager
def rolf(directory: Path) -> Iterator[Rolf]:
    """Rolf, as a shop sets it up."""
    say("Rolf, for those of the shop who push from a web page: vendor its files")
    lay_out(directory)
    step("rebuild its ve, offline", "./bootstrap.py", "--python", sys.executable, at=directory)
    port = free_port(8002)
    say(f"run it, web server and worker: ./manage.py rolf --port {port}")
    with running(directory, port) as shop:
        yield shop


def push_through(shop: Rolf, site: Production) -> None:
    """Show pushes that people of the shop ask Rolf for: one fails, one is taken back."""
    say("it gets the site's deployment; Anna may edit it, Dora push it, Paul look")
    shop.define(site.project)
    say("Anna pushes, then something that its tests don't let through")
    site.show("Autumn is here.")
    shop.push("anna", "Autumn on the front page", "SKIP_TESTS")
    site.show("{% prices %}", "A list of prices")
    shop.push("anna", "A list of prices")
    show_page(site.address)
    say("Dora pushes, sees that it was a mistake, and takes it back")
    site.show("Prices from 2025.")
    shop.push("dora", "New prices", "SKIP_TESTS")
    show_page(site.address)
    shop.rollback("dora", "These are last year's prices")
    show_page(site.address)


def take_pictures(shop: Rolf, directory: Path) -> None:
    """Take the pictures that the docs show."""
    from tools.demo.pictures import take

    say(f"pictures of Rolf go into {directory}")
    take(shop, directory)


def say(title: str) -> None:
    """Say what comes next."""
    print(f"\n--- {title}", flush=True)


def show_page(address: str) -> None:
    """Say what visitors of a front page read."""
    with urllib.request.urlopen(address, timeout=10) as response:
        lead = re.search(r'<p class="lead">(.*?)</p>', response.read().decode(), re.DOTALL)
    print(f"\n  {address} says: {html.unescape(lead[1]) if lead else 'nothing'}", flush=True)


def run(
    project: Path,
    *,
    once: bool,
    production: str = "",
    shop: Rolf | None = None,
    staging: Site | None = None,
) -> int:
    """Run the site until Ctrl-C, or, once, until its pages have answered."""
    port = free_port(8000)
    address = f"http://127.0.0.1:{port}/"
    say(f"run the site as its developers do: ./manage.py runserver {port}")
    with server(project, port) as process:
        if not answers(address, process):
            print("make demo: the site does not answer; its output is above", file=sys.stderr)
            return 1
        if once:
            answered = [(status(page), page) for page in (address, f"{address}admin/login/")]
            answered += shop.pages() if shop else []
            for came, page in answered:
                print(came, page)
            return 0 if {came for came, _ in answered} == {200} else 1
        print(
            f"\n  {address}\n  {address}admin/  (./manage.py createsuperuser in {project} lets "
            "you in)\n"
            + (f"  {production} is production\n" if production else "")
            + (f"  {staging.address} shows staging, after a push to it\n" if staging else "")
            + (
                f"  {shop.address} is Rolf; {shop.login} signs in with {shop.password}\n"
                + "".join(
                    f"    {login} signs in with {password}\n"
                    for login, password in shop.people.items()
                )
                if shop
                else ""
            )
            + "  Ctrl-C ends it\n",
            flush=True,
        )
        return process.wait()


@contextmanager
def server(project: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Django's development server, ended with all of its processes when the `with` is left."""
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
    """Wait until the site answers; False if it ends before, or does not within PATIENCE."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if status(address):
            return True
        time.sleep(0.1)
    return False


def status(address: str) -> int:
    """The HTTP status of a page; 0 if nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def free_port(wanted: int) -> int:
    """The port that is wanted if nobody has it, else any that is free."""
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
