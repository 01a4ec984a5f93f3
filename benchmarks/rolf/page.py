"""The results as a Markdown page."""

from statistics import median

from benchmarks.rolf.following import FLUSH
from benchmarks.rolf.pushing import STEPS
from benchmarks.rolf.results import Results
from benchmarks.table import of_seconds, of_targets, table


def page(results: Results) -> str:
    """The page, what was missed included."""
    versions = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    missing = "".join(f" {title} is missing: {why}." for title, why in results.missing.items())
    followed, logs, pages = results.followed, results.logs, results.pages
    late = sorted(followed.late)
    return "\n".join(
        [
            "# Benchmarks of Rolf",
            "",
            f"Written by `make bench` on {results.machine}; {versions}.{missing} Rolf is started as "
            "its users start it (`./manage.py rolf`: one web process, one worker, SQLite), browsers "
            "are programs that do what its pages' scripts do, all on the same machine.",
            "",
            "## Targets",
            "",
            *of_targets(results.targets()),
            "",
            "## A line on the page",
            "",
            f"{followed.followers} browsers follow {followed.pushes} pushes that run at once; each "
            f"says {followed.lines} lines, ten a second, with the time in them. Their connections "
            f"broke {followed.came_again} times, at random, and went on with the last event's id. The "
            f"worker keeps output {FLUSH} s at most. Lost: {followed.lost} lines, doubled: "
            f"{followed.doubled}, of {len(late):,}.",
            "",
            *table(
                ["from said to seen, seconds", "median", "p95", "most"],
                [
                    [
                        "all lines of all browsers",
                        f"{median(late):.2f}",
                        f"{followed.p95:.2f}",
                        f"{late[-1]:.2f}",
                    ]
                ],
            ),
            "",
            "## A long log",
            "",
            f"{logs.lines:,} lines of 100 bytes beside 1,000 lines, {len(logs.long['open the page'])} "
            "rounds in turn, the whole answer over HTTP. The web process took "
            f"{logs.grown:.1f} MB more after all rounds than after the first.",
            "",
            *table(
                ["median seconds", "1,000 lines", f"{logs.lines:,} lines"],
                [
                    [what, f"{median(logs.short[what]):.4f}", f"{median(logs.long[what]):.4f}"]
                    for what in logs.short
                ],
            ),
            "",
            "## Many deployments",
            "",
            f"{pages.deployments:,} deployments with {pages.pushes:,} pushes beside 10 with 100, a "
            "superuser's pages, in the process.",
            "",
            *table(
                ["page", "queries, few", "queries, many", "seconds, few", "seconds, many"],
                [
                    [
                        title,
                        f"{pages.few[title]['queries']}",
                        f"{pages.many[title]['queries']}",
                        f"{pages.few[title]['seconds']:.4f}",
                        f"{pages.many[title]['seconds']:.4f}",
                    ]
                    for title in pages.few
                ],
            ),
            "",
            "## A push",
            "",
            "The same push of a Django project over ssh, by command line and by Rolf, from the start "
            "of the command or the click to its end, or to the end that the page tells: queue, worker "
            f"and database included. Rounds in turn: {results.runs}.",
            "",
            *of_seconds(results.pushing),
            "",
            f"{len(STEPS)} steps that say 20 lines each and wait 0.1 s, live log on. Memory is the sum "
            "of Pss of all processes after the rounds.",
            "",
            *table(
                ["median seconds", "to the first line", "to the end", "MB"],
                [
                    [
                        title,
                        f"{median(lap.first for lap in laps):.2f}",
                        f"{median(lap.whole for lap in laps):.2f}",
                        f"{results.megabytes[title]:.0f}",
                    ]
                    for title, laps in results.laps.items()
                ],
            ),
            "",
        ]
    )
