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
            f"Each tool replaces a finished virtualenv of {results.wheels} wheels, {results.files:,} "
            "files with their bytecode (`benchmarks/requirements.in`, vendored by `vendor_fetch`). The "
            "time includes the removal of the old virtualenv. Each tool runs as its users run it, from "
            "the same lock with its hashes, and without a network. Rounds counted after a warm-up: "
            f"{results.runs}; in each round, each tool runs once.",
            "",
            *of_seconds(results.rebuilding),
            "",
            "- A cold store is empty: it has no empty virtualenv either. A cold cache of uv does not "
            "even know the interpreter. For every tool, the vendored files are in the page cache, and "
            "virtualenv's own cache is warm.",
            "- bootstrap.py and pip always write bytecode, and `cp -al` links it. uv writes it where "
            "the row says so.",
            "- bootstrap.py moves the replaced virtualenv into the store, which keeps one for all "
            "projects of a user, and the next rebuild reuses it. With a cold store there is none to "
            "reuse. The removal of the cold store's predecessor, with its virtualenv, is not counted.",
            "- After each run, the virtualenv imported Django.",
            "- On an ext4 without a journal, the kernel skips every inode that was freed in the last "
            "minutes (`recently_deleted` in its fs/ext4/ialloc.c). There, each round slows down the "
            "next one for every tool that creates directories. `TMPDIR` names a better place to "
            "measure.",
            "",
            "## Targets",
            "",
            "A ratio of times is the median of the ratios of the rounds.",
            "",
            *of_targets(results.targets()),
            "",
            "## Memory",
            "",
            "The largest process, and all processes at one time (shared memory counts once), "
            "sampled every 5 ms in a separate run.",
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
            "Blocks of the virtualenv and the store, without the vendored files, which every project "
            f"keeps in git. The first project takes {results.disk.first / 1e6:.1f} MB. Project "
            f"{results.disk.projects} with the same requirements adds "
            f"{results.disk.last / 1e6:.1f} MB, {results.disk.in_folders / 1e6:.1f} MB of it for "
            f"{results.disk.folders:,} directories, which cannot be hardlinked.",
            "",
            "## Growth",
            "",
            *_growth(results),
            "",
            "## Generating a project",
            "",
            "The project of `make demo`, with an empty cache of vendored files and with a full one.",
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
        "Median seconds for synthetic wheels of 25 modules, and the straight line through them. "
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
