"""Stages that run as another system user cannot read what belongs to the worker."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrapper.deploy.running import process_tree
from tests.support.jobs import alive, wait_for
from tests.support.stage_user import STAGES, WORKER, House, house

pytestmark = [
    pytest.mark.needs("sudo", "unshare", "useradd", "setpriv"),
    pytest.mark.skipif(os.getuid() != 0, reason="needs root"),
]

BEGIN = """
import os, sys, time
from pathlib import Path
from bootstrapper.deploy.machine.account import StageUser
from bootstrapper.deploy.machine.limits import Limits
from bootstrapper.deploy.running import process_tree
from tests.support.jobs import recorded
root = Path(sys.argv[1])
account = StageUser(name="rolf-stages", command=str(root / "stages"))
def show(outcome, recorder):
    print(outcome.state, outcome.reason, recorder.notes)
    print(recorder.output.decode())
"""
RUN = f"""{BEGIN}
with recorded(account=account) as recorder:
    show(recorder.bash(sys.argv[2]), recorder)
"""
# Children, a daemon of its own session, and a process that heeds no TERM.
TREE = (
    "sleep 300 & (setsid sleep 300 &); (trap '' INT TERM; setsid sleep 300 & sleep 300) & "
    "echo ready; cat /dev/zero | sleep 300; wait"
)


@pytest.fixture(scope="module")
def place() -> Iterator[House]:
    with house() as found:
        yield found


def test_a_stage_runs_as_the_stage_user(place: House) -> None:
    code = "id -un; id -Gn; echo out >/dev/stdout; echo err >/dev/stderr; exit 3"
    printed = place.run(RUN, place.root, code)
    assert printed == f"failed exit status 3 []\n{STAGES}\n{STAGES}\nout\nerr\n\n"


def test_a_stage_gets_exactly_its_environment(place: House) -> None:
    code = f"""{BEGIN}
with recorded(account=account) as recorder:
    job = recorder.job("env", "-0", environment={{"A": "ä=\\n'", "SECRET": "s3cr3t"}})
    recorder.runner.run([job])
    print(sorted(recorder.output.decode().rstrip("\\0").split("\\0")))
"""
    printed = place.run(code, place.root)
    names = [name.partition("=")[0] for name in eval(printed)]
    assert names == ["A", "JOB_MARK", "PATH", "SECRET"]
    assert "A=ä=\\n'" in printed


def test_a_secret_is_in_no_command_line(place: House) -> None:
    code = f"""{BEGIN}
with recorded(account=account) as recorder:
    job = recorder.job("sh", "-c", "echo ready; sleep 300", environment={{"SECRET": "s3cr3t-7"}})
    recorder.on_event = lambda event: (print(event.data.decode(), flush=True))
    recorder.runner.run([job])
"""
    with place.start(code, place.root) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        mine = {process.pid, *(one.pid for one in process_tree.descendants(process.pid))}
        holders = [pid for pid in mine if b"s3cr3t-7" in Path(f"/proc/{pid}/environ").read_bytes()]
        users = {Path(f"/proc/{pid}").stat().st_uid for pid in holders}
        words = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in mine)
        process.kill()
    assert users == {place.uid + 1}
    assert b"s3cr3t-7" not in words.replace(code.encode(), b"")


@pytest.mark.parametrize(
    "attack",
    [
        "cat {root}/data/seal.key",
        "ls {root}/data",
        "cat /proc/$WORKER/environ",
        "cat /proc/$WORKER/mem",
        "ls /proc/$WORKER/fd/",
        "kill -0 $WORKER",
        "kill -STOP $WORKER",
        """python3 -c 'import ctypes, os, sys
sys.exit(ctypes.CDLL(None).ptrace(16, int(os.environ["WORKER"]), 0, 0) and "refused")'""",
        "sudo -n true",
        "ls {root}/work",
        "ls {root}/work/other/.deploy/pushes/1/checkout",
        "cat {root}/work/other/.deploy/pushes/1/checkout/file",
    ],
)
def test_a_stage_cannot_reach_the_worker(place: House, attack: str) -> None:
    code = f"""{BEGIN}
(root / "data/seal.key").write_text("key")
other = root / "work/other"
(other / ".deploy/pushes/1/stages").mkdir(parents=True, exist_ok=True)
with account.admitted(other):  # another push ran, and has ended
    account.admit(other / ".deploy/pushes/1")
    checkout = other / ".deploy/pushes/1/checkout"
    account.run(["sh", "-c", f"mkdir -p {{checkout}}; echo 1 >{{checkout}}/file; cat {{checkout}}/file"])
with recorded(account=account) as recorder:
    outcome = recorder.runner.run(
        [recorder.job("bash", "-c", sys.argv[2], environment={{"WORKER": str(os.getpid())}})]
    )
    show(outcome[0], recorder)
"""
    printed = place.run(code, place.root, attack.format(root=place.root))
    assert printed.startswith("failed exit status"), printed
    assert "ermi" in printed or "refused" in printed or "password is required" in printed, printed


@pytest.mark.parametrize("how", ["cancel", "time-out"])
def test_the_whole_tree_ends(place: House, how: str) -> None:
    code = f"""{BEGIN}
with recorded(account=account) as recorder:
    recorder.mark = sys.argv[3]
    began = time.monotonic()
    def cancel(event):
        recorder.events.append(event)
        recorder.reason = "cancelled by anna" if sys.argv[4] == "cancel" else ""
    recorder.on_event = cancel
    outcome = recorder.bash(sys.argv[2], timeout=1 if sys.argv[4] != "cancel" else None)
    print(outcome.state, outcome.reason)
"""
    mark = f"JOB_MARK=tree-{how}-{os.getpid()}"
    printed = place.run(code, place.root, TREE, mark, how)
    assert printed in ("cancelled cancelled by anna\n", "failed timed out after 1s\n"), printed
    assert not alive(mark)


def test_kill_9_of_the_worker_ends_the_tree(place: House) -> None:
    code = f"""{BEGIN}
with recorded(account=account) as recorder:
    recorder.mark = sys.argv[3]
    recorder.on_event = lambda event: print(os.getpid(), flush=True)
    recorder.bash(sys.argv[2])
"""
    mark = f"JOB_MARK=kill-{os.getpid()}"
    with place.start(code, place.root, TREE, mark) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        wait_for(lambda: len(alive(mark)) >= 7)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not alive(mark))


@pytest.mark.parametrize("number", ["KILL", "STOP"])
def test_a_stage_can_not_escape_by_its_supervisor(place: House, number: str) -> None:
    code = f"""{BEGIN}
with recorded(account=account) as recorder:
    recorder.mark = sys.argv[3]
    show(recorder.bash(sys.argv[2], timeout=2), recorder)
"""
    mark = f"JOB_MARK=escape-{number}-{os.getpid()}"
    stage = f"(setsid sleep 300 &); kill -{number} $PPID; sleep 300"
    printed = place.run(code, place.root, stage, mark)
    reason = "the supervisor of the push's processes died" if number == "KILL" else "timed out"
    assert printed.startswith(f"failed {reason}"), printed
    assert not alive(mark)


def test_a_refusal_of_sudo_says_what_to_do(place: House) -> None:
    code = f"""{BEGIN}
from bootstrapper.errors import WorkFailed
for wrong in (
    StageUser(name="rolf-stages", command="/bin/true"),
    StageUser(name="nobody-at-all", command=str(root / "stages")),
    StageUser(name="rolf-stages", command=str(root / "without-defaults")),
):
    try:
        with recorded(account=wrong):
            pass
    except WorkFailed as error:
        print(error)
"""
    first, _, rest = place.run(code, place.root).partition("\n")
    assert first == "the stage user rolf-stages: sudo: a password is required"
    assert "docs/rolf-stage-user.md" in rest
    assert "the stage user nobody-at-all: " in rest
    assert "the stage user rolf-stages: sudo waits for the command" in rest


def test_sudo_allows_no_other_command(place: House) -> None:
    for words in (["id"], [f"{place.root}/stages", "more"], ["-i"]):
        run = subprocess.run(
            place.words("sudo", "-n", "-u", STAGES, *words),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert run.returncode == 1, words
        assert "password is required" in run.stderr
    run = subprocess.run(
        place.words("sudo", "-n", f"{place.root}/stages"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1  # as root


LIMITED = f"""{BEGIN}
limited = StageUser(
    name="rolf-stages", command=str(root / "stages"), limits=Limits(memory=300, processes=12)
)
with recorded(account=limited) as recorder:
    show(recorder.bash(sys.argv[2]), recorder)
"""


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("python3 -c 'x = bytearray(400_000_000)'", "MemoryError"),
        ("python3 -c 'x = bytearray(100_000_000)'; for i in {1..30}; do sleep 9 & done", "fork"),
    ],
)
def test_a_stage_beyond_its_limits_fails(place: House, stage: str, message: str) -> None:
    printed = place.run(LIMITED, place.root, stage)
    limits = "300 MB of memory a process, 12 processes of its user"
    assert re.match(rf"failed exit status \d+ \(its limits: {limits}\)", printed), printed
    assert message in printed


def test_a_stage_within_its_limits_succeeds(place: House) -> None:
    stage = "python3 -c 'x = bytearray(100_000_000)'"
    assert place.run(LIMITED, place.root, stage).startswith("succeeded  []")


STUB = """#!/bin/bash
# It stands for systemd-run(1), which needs a running systemd: it checks its words as that does.
echo "$XDG_RUNTIME_DIR $*" >>"$(dirname "$0")/words"
while [ "$1" != -- ]; do
    case $1 in
        --user | --scope | --quiet | --collect) ;;
        --property=MemoryMax=[0-9]* | --property=MemorySwapMax=0 | --property=TasksMax=[0-9]*) ;;
        *) echo "systemd-run: unknown $1" >&2; exit 1 ;;
    esac
    shift
done
shift
exec "$@"
"""


def test_a_scope_limits_a_stage_as_a_whole(place: House) -> None:
    """systemd itself does not run here; its command does what it does without the limits."""
    programs = place.root / "bin"
    programs.mkdir()
    programs.chmod(0o777)
    (programs / "systemd-run").write_text(STUB)
    (programs / "systemd-run").chmod(0o755)
    code = f"""{BEGIN}
limited = StageUser(
    name="rolf-stages",
    command=str(root / "stages"),
    limits=Limits(memory=2048, processes=512, scope=True),
)
with recorded(account=limited) as recorder:
    for code in ("echo $$; exit 0", "kill -KILL $$", "bash -c 'kill -KILL $$'; exit $?", "exit 3"):
        show(recorder.bash(code), recorder)
"""
    printed = place.run(code, place.root, PATH=f"{programs}:{os.environ['PATH']}")
    assert [line for line in printed.splitlines() if line.startswith(("succ", "fail"))] == [
        "succeeded  []",
        "failed ended by signal 9 (SIGKILL) (probably by its limit of 2,048 MB of memory) []",
        "failed exit status 137 (probably by its limit of 2,048 MB of memory) []",
        "failed exit status 3 []",
    ]
    words = (programs / "words").read_text().splitlines()[0]
    assert words == (
        f"/run/user/{place.uid + 1} --user --scope --quiet --collect "
        "--property=MemoryMax=2048000000 --property=MemorySwapMax=0 --property=TasksMax=512 "
        "-- bash -c echo $$; exit 0"
    )


def test_etc_of_this_machine_stays_as_it_was(place: House) -> None:
    assert shutil.which("sudo")
    assert WORKER not in Path("/etc/passwd").read_text()
    assert not Path("/etc/sudoers.d/rolf").exists()
