"""The projects that are measured: generated, vendored, copied, or filled with made-up wheels."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
REQUIREMENTS = Path(__file__).with_name("requirements.in")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# A made-up wheel: about as many modules, of about the size, as the median wheel of the set.
MODULES = 25
FUNCTIONS = 20


def generate(into: Path, environment: Mapping[str, str] = {}) -> Path:
    """Generate the project that `make demo` generates; its directory."""
    into.mkdir()
    run(
        [
            sys.executable,
            "-m",
            "cookiecutter",
            "--no-input",
            "--output-dir",
            into,
            REPOSITORY,
            "project_name=Bench",
            "database=sqlite",
            f"python_version={PYTHON}",
        ],
        into,
        environment,
    )
    return into / "bench"


def vendor(project: Path) -> None:
    """Give a generated project the set of requirements.in, fetched by vendor_fetch."""
    (own,) = (project / "requirements/src").glob("bootstrapper-*.whl")
    (project / "requirements/apps.in").write_text(
        f"{REQUIREMENTS.read_text(encoding='utf-8')}\n./requirements/src/{own.name}\n",
        encoding="utf-8",
    )
    # Run in the project, python -m would import what lies there.
    run([sys.executable, "-m", "vendor_fetch", "--project", project, "sync"], REPOSITORY)


def twin(project: Path, place: Path) -> Path:
    """Another project with the same vendored files, and no ve yet."""
    shutil.copytree(
        project,
        place,
        copy_function=os.link,
        symlinks=True,
        ignore=shutil.ignore_patterns("ve", "*-ve", ".ve*"),
    )
    return place


def synthetic(project: Path, place: Path, wheels: int) -> Path:
    """A project with the tools of `project`, and `wheels` made-up wheels beside its own."""
    twin(project, place)
    lock = place / "requirements/apps.txt"
    own = [
        line for line in lock.read_text(encoding="utf-8").splitlines() if "/bootstrapper-" in line
    ]
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line.startswith("requirements/") and line not in own:
            (place / line.split()[0]).unlink(missing_ok=True)
    made = [_wheel(place / "requirements/src", f"madeup{number:03}") for number in range(wheels)]
    lines = [f"requirements/src/{path.name} --hash=sha256:{_sha256(path)}" for path in made]
    # Not through the link that it is: the twin's lock is the original's, too.
    lock.unlink()
    lock.write_text("\n".join([*own, *lines, ""]), encoding="utf-8")
    return place


def _wheel(directory: Path, name: str) -> Path:
    path = directory / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    members = {f"{name}/__init__.py": b""}
    members |= {f"{name}/module{number}.py": module(number) for number in range(MODULES)}
    members[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    members[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: benchmarks\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    rows = [
        f"{member},sha256={_base64(content)},{len(content)}\n"
        for member, content in members.items()
    ]
    members[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"]).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def module(number: int) -> bytes:
    """A made-up module's source."""
    return "\n".join(
        f"def function{number}_{each}(one, other=None, *rest):\n"
        f'    """What is number {each} of {number}."""\n'
        f"    if other is None:\n        return [one + {each}, *rest]\n"
        f'    return {{"one": one, "other": other, "rest": sum(rest)}}\n'
        for each in range(FUNCTIONS)
    ).encode()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def run(words: Sequence[str | Path], at: Path, environment: Mapping[str, str] = {}) -> None:
    """Run a command that prepares something; its failure ends it all."""
    done = subprocess.run(
        words,
        cwd=at,
        env={**os.environ, **environment},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout}")
