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
    late, kept = sorted(followed.late), logs.kept
    return "\n".join(
        [
            "# Benchmarks of Rolf",
            "",
            f"Written by `make bench` on {results.machine}; {versions}.{missing} Rolf runs as "
            "its users run it (`./manage.py rolf`: one web process, one worker, SQLite). The browsers "
            "are programs that do what the scripts of its pages do. Everything is on one machine.",
            "",
            "## Targets",
            "",
            *of_targets(results.targets()),
            "",
            "## A line on the page",
            "",
            f"{followed.followers} browsers follow {followed.pushes} pushes that run at the same time. "
            f"Each push prints {followed.lines} lines, ten a second, with the time in them. The "
            f"connections broke {followed.came_again} times, at random, and continued with the id of "
            f"the last event. The worker holds output back for {FLUSH} s at most. Of {len(late):,} "
            f"lines, {followed.lost} were lost and {followed.doubled} doubled.",
            "",
            *table(
                ["from printed to visible, seconds", "median", "p95", "most"],
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
            f"A log of {logs.lines:,} lines of 100 bytes beside one of 1,000 lines, and beside one of as "
            "many lines in a store of logs (`ROLF_LOG_STORE`, a directory), "
            f"{len(logs.long['open the page'])} rounds in turn, with the whole response over HTTP. After "
            f"all rounds the web process used {logs.grown:.1f} MB more than after the first.",
            "",
            *table(
                [
                    "median seconds",
                    "1,000 lines",
                    f"{logs.lines:,} lines",
                    f"{logs.lines:,} lines in the store",
                ],
                [
                    [
                        what,
                        *(
                            f"{median(log[what]):.4f}"
                            for log in (logs.short, logs.long, logs.stored)
                        ),
                    ]
                    for what in logs.short
                ],
            ),
            "",
            "## Logs for years",
            "",
            f"A log of {kept.megabytes:.0f} MB, as a stage that floods leaves it, is joined and indexed "
            "after its push, and stored later. Memory is the peak of a process beyond its beginning. A "
            f"line a second for 15 minutes makes {kept.slow_rows[0]} rows, and {kept.slow_rows[1]} after "
            "its push has ended.",
            "",
            *table(
                ["", "rows", "MB on the disk", "seconds", "MB of memory"],
                [
                    ["as written", f"{kept.rows[0]}", f"{kept.megabytes:.0f}", "", ""],
                    [
                        "joined",
                        f"{kept.rows[1]}",
                        f"{kept.megabytes:.0f}",
                        f"{kept.join_seconds:.1f}",
                        f"{kept.join_memory:.0f}",
                    ],
                    [
                        "stored",
                        f"{kept.rows[1]}",
                        f"{kept.stored_megabytes:.0f}",
                        f"{kept.store_seconds:.1f}",
                        f"{kept.store_memory:.0f}",
                    ],
                ],
            ),
            "",
            "## Many deployments",
            "",
            f"{pages.deployments:,} deployments with {pages.pushes:,} pushes beside 10 deployments with "
            "100 pushes; the pages of a superuser, called in the process.",
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
            "The same push of a Django project over ssh, on the command line and in Rolf. The time of "
            "the command is from its start to its end; that of Rolf from the click until the page shows "
            f"the end, with queue, worker and database. Rounds in turn: {results.runs}.",
            "",
            *of_seconds(results.pushing),
            "",
            f"{len(STEPS)} steps that print 20 lines each and wait 0.1 s, with the live log on. Memory "
            "is the sum of the Pss of all processes after the rounds.",
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
