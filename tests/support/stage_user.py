"""A worker's user and a stage user, in a view of /etc of their own, with a real sudo between them.

`useradd` in the real /etc would disturb other tests. So each program runs in a mount namespace with a
copy of /etc, where the two users and one line of sudoers exist.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.etc import COPY_ETC
from tests.support.processes import ENDS_WITH_US
from tests.support.site import DEBIAN_PYTHON

REPOSITORY = Path(__file__).parents[2]
WORKER, STAGES = "rolf-worker", "rolf-stages"

SETUP = (
    COPY_ETC
    + """
for name in {worker} {stages}; do
    useradd --no-create-home --home-dir "{root}/$name" --shell /bin/bash --password '*' \\
        --user-group --uid "$uid" "$name" 2>/dev/null
    install -d -m 700 -o "$name" -g "$name" "{root}/$name"
    uid=$((uid + 1))
done
usermod --append --groups {stages} {worker}
cat >/etc/sudoers.d/rolf <<'END'
Defaults!{root}/stages !use_pty, !pam_session, !pam_setcred
{worker} ALL=({stages}) NOPASSWD: {root}/stages "", {root}/without-defaults ""
END
chmod 440 /etc/sudoers.d/rolf
install -d -m 700 -o {worker} -g {worker} "{root}/data"
install -d -m 710 -o {worker} -g {stages} "{root}/work"
"""
)
COMMAND = """#!{python} -I
import sys
sys.path.insert(0, {repository!r})
from bootstrapper.deploy.running.as_stage_user import main
sys.exit(main())
"""
AS_WORKER = 'exec setpriv --reuid {worker} --regid {worker} --init-groups --pdeathsig KILL -- "$@"'


@dataclass(frozen=True)
class House:
    """`root` has the homes, `data` (the worker's own), `work`, and `stages`, the fixed command."""

    root: Path
    uid: int

    @property
    def data(self) -> Path:
        """What the stage user must not read."""
        return self.root / "data"

    @property
    def work(self) -> Path:
        """The work directory."""
        return self.root / "work"

    def words(self, *argv: "str | Path") -> list[str]:
        """Return the words that run a program as the worker's user."""
        setup = SETUP.format(root=self.root, etc=self.root / "etc", worker=WORKER, stages=STAGES)
        script = f"uid={self.uid}\n" + (
            f'if [ -d "{self.root}/etc" ]; then mount --bind "{self.root}/etc" /etc; else {setup} fi\n'
            + AS_WORKER.format(worker=WORKER)
        )
        return [
            *("unshare", "--mount", "--", "sh", "-euc", script, "sh"),
            *map(str, argv),
        ]

    def environment(self, **more: str) -> Mapping[str, str]:
        """Return the environment of a program of the worker's user."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": f"{self.root}/{WORKER}",
            "USER": WORKER,
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
            **more,
        }

    def run(self, code: str, *arguments: "str | Path", **more: str) -> str:
        """Run Python code as the worker's user, and return what it prints."""
        run = subprocess.run(
            self.words(DEBIAN_PYTHON, "-W", "error", "-c", code, *arguments),
            env=self.environment(**more),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def start(self, code: str, *arguments: "str | Path") -> "subprocess.Popen[str]":
        """Start Python code as the worker's user."""
        return subprocess.Popen(
            [*ENDS_WITH_US, *self.words(DEBIAN_PYTHON, "-c", code, *arguments)],
            env=self.environment(),
            cwd="/",
            stdout=subprocess.PIPE,
            text=True,
        )


@contextmanager
def house() -> Iterator[House]:
    """Yield a house; the programs in it must have ended by the end of the body."""
    root = Path(tempfile.mkdtemp(prefix="stage-user-", dir="/tmp"))
    root.chmod(0o755)
    command = root / "stages"
    command.write_text(COMMAND.format(python=DEBIAN_PYTHON, repository=str(REPOSITORY)))
    command.chmod(0o755)
    shutil.copy(command, root / "without-defaults")
    try:
        found = House(root, 40_000 + 2 * secrets.randbelow(9_000))
        found.run("")
        yield found
    finally:
        shutil.rmtree(root)
