"""The results as a Markdown page."""

from benchmarks.results import Results
from benchmarks.table import of_seconds, of_targets, table


def page(results: Results, picture: str) -> str:
    """The page; `picture` is the name of the file with the picture, beside it."""
    versions = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"Written by `make bench` on {results.machine}; {versions}.",
            "",
            f"![Seconds for a rebuild, by contender]({picture})",
            "",
            "## A rebuild",
            "",
            f"A ve of {results.wheels} wheels, {results.files:,} files with their bytecode "
            "(`benchmarks/requirements.in`, vendored by `vendor_fetch`), in place of a finished one "
            "whose removal is counted. Everyone is run as users run it, from the same lock with its "
            "hashes, and without a network. "
            f"Rounds counted after a warm-up: {results.runs}; in each everyone has a turn.",
            "",
            *of_seconds(results.rebuilding),
            "",
            "- A cold store holds nothing, the empty ve of virtualenv included; a cold cache of uv "
            "doesn't even know the interpreter. The vendored files are in the page cache on all "
            "sides, virtualenv's own cache is warm.",
            "- Ours always writes bytecode, pip does, and `cp -al` links it; uv does where it says so.",
            "- Ours moves the replaced ve into the store, one for all projects of a user, and the next "
            "rebuild makes its ve of it; only a second one would be removed. With a cold store there "
            "is none to begin with, and what takes the one of the round before away is the removal "
            "of the store, which isn't counted.",
            "- Every ve was seen to import Django.",
            "- On an ext4 without a journal the kernel looks past every inode that was freed in the "
            "last minutes (`recently_deleted` in its fs/ext4/ialloc.c). There each round makes the "
            "next one slower for whoever makes directories; `TMPDIR` names a better place to "
            "measure.",
            "",
            "## Targets",
            "",
            "Ratios of times are the median of the rounds' ratios.",
            "",
            *of_targets(results.targets()),
            "",
            "## Memory",
            "",
            "The largest process, and all processes at one time (what they share counts once), "
            "sampled every 5 ms in a run of its own.",
            "",
            *table(
                ["MB", "largest", "together"],
                [
                    [title, f"{peak.largest / 1e6:.0f}", f"{peak.together / 1e6:.0f}"]
                    for title, peak in results.memory.items()
                ],
            ),
            "",
            "## Disk",
            "",
            "Blocks of ve and store, without the vendored files, which every project keeps in git: "
            f"the first project takes {results.disk.first / 1e6:.1f} MB, project "
            f"{results.disk.projects} with the same requirements adds "
            f"{results.disk.last / 1e6:.1f} MB, {results.disk.in_folders / 1e6:.1f} MB of it for "
            f"{results.disk.folders:,} directories, which can't be hardlinked.",
            "",
            "## Growth",
            "",
            *_growth(results),
            "",
            "## Generating a project",
            "",
            "The project of `make demo`, with an empty cache of vendored files, and with a full one.",
            "",
            *of_seconds(results.generating),
            "",
        ]
    )


def _growth(results: Results) -> list[str]:
    lines = results.growth
    wheels = list(next(iter(lines.values())).medians)
    fits = "; ".join(
        f"{title}: {line.start:.2f} s + {line.per_wheel * 1000:.1f} ms a wheel, "
        f"R² = {line.r_squared:.3f}"
        for title, line in lines.items()
    )
    return [
        "Median seconds for made-up wheels of 25 modules, and the straight line through them. "
        f"{fits}.",
        "",
        *table(
            ["wheels", *map(str, wheels)],
            [
                [title, *(f"{line.medians[each]:.2f}" for each in wheels)]
                for title, line in lines.items()
            ],
        ),
    ]
