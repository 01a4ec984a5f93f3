"""What a stage costs that does nothing, and a line that passes through one."""

import filecmp
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import Contender
from benchmarks.deploy import ours
from benchmarks.deploy.site import Site
from benchmarks.memory import Peak, peak
from benchmarks.race import Seconds, race

LINES = "a stage of that many lines"
CAT = "cat into cat > file"
NOTHING, MANY, BASH = "one empty stage", "101 empty stages", "bash -c true, 100 times"
STAGES = 100
WIDTH = 100

RECIPES = {
    "nothing.sh": "# Does nothing.\n",
    "lines.sh": '# Prints a file.\n# needs: LINES_FILE\ncat "$LINES_FILE"\n',
}


@dataclass(frozen=True, kw_only=True)
class Overhead:
    """Seconds by title; `lines` is how many there were."""

    stages: Seconds
    output: Seconds
    lines: int
    memory: Peak


@dataclass(frozen=True, kw_only=True)
class Printer(Contender):
    """Ends with `printed` in a file: the one that `found` is a pattern of, below `directory`."""

    printed: Path
    found: str

    def prepare(self) -> None:
        """Give back the memory that the run before has filled: a virtual machine's new pages cost
        more than the work that is measured.
        """
        for path in self.directory.glob(self.found):
            path.unlink()
        super().prepare()

    def check(self) -> None:
        """Nothing is lost, and the order is kept."""
        if not any(
            filecmp.cmp(path, self.printed, shallow=False)
            for path in self.directory.glob(self.found)
        ):
            sys.exit(f"{self.title}: what was printed is not what has arrived")


def deployments(lines: Path) -> dict[str, ours.Deployment]:
    """Those that stay on this machine."""
    return {
        "nothing": (["nothing"], {}),
        "many": (
            [{"recipe": "nothing", "name": f"nothing{each}"} for each in range(STAGES + 1)],
            {},
        ),
        "lines": (["lines"], {"LINES_FILE": str(lines)}),
    }


def write_recipes(project: Path) -> None:
    """Into the project, before it is published."""
    place = project / "deploy/recipes"
    place.mkdir(parents=True, exist_ok=True)
    for name, code in RECIPES.items():
        (place / name).write_text(code)


def write_lines(path: Path, lines: int) -> None:
    """A file of numbered lines, each of WIDTH bytes."""
    with path.open("w") as file:
        file.writelines(f"{number:0{WIDTH - 1}}\n" for number in range(lines))


def overhead(site: Site, scratch: Path, home: Path, lines: Path, runs: int) -> Overhead:
    """Both, with what they are compared to in the same rounds."""
    loop = f"for number in {{1..{STAGES}}}; do bash -c true; done"
    stages = race(
        [
            ours.stages(site, home, "nothing", NOTHING),
            ours.stages(site, home, "many", MANY),
            Contender(title=BASH, directory=scratch, commands=[["bash", "-c", loop]]),
        ],
        runs,
    )
    printer = Printer(
        title=LINES,
        directory=site.work,
        printed=lines,
        environment={"HOME": str(home)},
        commands=[ours.command(site, "lines")],
        found=".deploy/pushes/*/output.log",
    )
    output = race(
        [
            ours.stages(site, home, "nothing", NOTHING),
            printer,
            Printer(
                title=CAT,
                directory=scratch,
                printed=lines,
                found="catted",
                commands=[["sh", "-c", 'cat "$0" | cat > catted', lines]],
            ),
        ],
        runs,
    )
    return Overhead(
        stages=stages, output=output, memory=peak(printer), lines=lines.stat().st_size // WIDTH
    )
