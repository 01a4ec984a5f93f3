"""How long generating and rebuilding take, beside virtualenv and pip doing the same job.

Both build a ve from the same vendored files, in turn, in one run; the old ve's removal and the
bytecode are in both figures. The medians and their ratio count, not single seconds.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print or write a Markdown page; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="counted runs (default: %(default)s)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page here")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as scratch:
        page = report(measure(Path(scratch), options.runs), options.runs)
    print(page)
    if options.write:
        options.write.write_text(page, encoding="utf-8")
    return 0


def measure(scratch: Path, runs: int) -> Mapping[str, list[float]]:
    """Seconds by what was done."""
    cold = scratch / "cold"
    seconds: dict[str, list[float]] = {}

    def timed(title: str, work: Callable[[], object]) -> None:
        start = time.perf_counter()
        work()
        seconds.setdefault(title, []).append(time.perf_counter() - start)

    project = generate(scratch / "first", {})  # fills the user's cache, and the disk's
    for number in range(runs):
        shutil.rmtree(cold, ignore_errors=True)
        timed("generate, empty cache", lambda n=number: generate(  # type: ignore[misc]
            scratch / f"cold{n}", {"VENDOR_FETCH_CACHE": str(cold)}))
        timed("generate, warm cache", lambda n=number: generate(  # type: ignore[misc]
            scratch / f"warm{n}", {}))
        progress(f"generated {number + 1}/{runs}")
    rebuild(project)
    virtualenv_and_pip(project)
    for number in range(runs):
        timed("./bootstrap.py", lambda: rebuild(project))
        timed("virtualenv + pip", lambda: virtualenv_and_pip(project))
        progress(f"rebuilt {number + 1}/{runs}")
    return seconds


def generate(into: Path, environment: Mapping[str, str]) -> Path:
    """Generate the project that `make demo` generates."""
    into.mkdir()
    run([sys.executable, "-m", "cookiecutter", "--no-input", "--output-dir", into, REPOSITORY,
         "project_name=Bench", "database=sqlite", f"python_version={PYTHON}"], into, environment)
    return into / "bench"


def rebuild(project: Path) -> None:
    """What we do."""
    run([sys.executable, "bootstrap.py", "-q"], project)


def virtualenv_and_pip(project: Path) -> None:
    """What people do without us: remove, virtualenv, pip install from the same lock and files."""
    source = project / "requirements/src"
    tools = os.pathsep.join(str(path) for line in (project / "requirements/tools.txt").open()
                            if (path := project / line.split()[0]).suffix == ".whl")
    (pip,) = source.glob("pip-*.whl")
    shutil.rmtree(project / "pip-ve", ignore_errors=True)
    run([sys.executable, "-m", "virtualenv", "-q", "--no-seed", "--no-periodic-update", "pip-ve"],
        project, {"PYTHONPATH": tools})
    run(["pip-ve/bin/python", pip / "pip", "--isolated", "install", "-q", "--no-index",
         "--no-deps", "--require-hashes", "--disable-pip-version-check",
         "-r", "requirements/apps.txt"], project)


def run(command: Sequence[str | Path], at: Path, environment: Mapping[str, str] = {}) -> None:
    """Run a command quietly; what it printed is shown if it fails."""
    # Bytecode is part of the work, on both sides.
    inherited = {name: value for name, value in os.environ.items()
                 if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, cwd=at, env={**inherited, **environment}, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}")


def report(seconds: Mapping[str, list[float]], runs: int) -> str:
    """The page."""
    ours, peers = (statistics.median(seconds[name])
                   for name in ("./bootstrap.py", "virtualenv + pip"))
    rows = [f"| {title} | {min(each):.2f} | {statistics.median(each):.2f} | {max(each):.2f} |"
            for title, each in seconds.items()]
    return "\n".join([
        "# Benchmarks", "",
        f"Written by `make bench` on {machine()}; {runs} counted runs after a warm-up, the "
        "two ways of rebuilding in turn. The project is the one that `make demo` generates. "
        "Both ways remove the old ve and write bytecode.", "",
        "| seconds | least | median | most |", "|---|---:|---:|---:|", *rows, "",
        f"`./bootstrap.py` takes {ours / peers:.2f} of the time of virtualenv + pip.", ""])


def machine() -> str:
    """What this was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (f"{len(os.sched_getaffinity(0))} cores ({platform.machine()}), {memory:.0f} GiB, "
            f"{platform.system()} {platform.release().split('-')[0]}, "
            f"CPython {platform.python_version()}")


def progress(text: str) -> None:
    """Long work shows that it goes on."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
