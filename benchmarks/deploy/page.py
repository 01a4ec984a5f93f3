"""The results as a Markdown page."""

from statistics import median

from benchmarks.deploy.fleet import ALL, LOGINS
from benchmarks.deploy.overhead import WIDTH
from benchmarks.deploy.results import Results
from benchmarks.table import of_seconds, of_targets, table


def page(results: Results) -> str:
    """The page, what was missed included."""
    versions = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    missing = "".join(f" {title} is missing: {why}." for title, why in results.missing.items())
    memory, fleet = results.overhead.memory, results.fleet
    return "\n".join(
        [
            "# Benchmarks of pushes",
            "",
            f"Written by `make bench` on {results.machine}; {versions}.{missing}",
            "",
            "## Targets",
            "",
            "A ratio of times is the median of the ratios of the rounds.",
            "",
            *of_targets(results.targets()),
            "",
            "## A push",
            "",
            f"Each tool clones the newest commit of a Django project of {results.files} files from a "
            "repository on this disk, tags it, sends it over ssh to a real OpenSSH server on loopback "
            "that has an earlier release, switches to it and touches it. Nothing is rebuilt. The time is "
            "that of the client, from its start to its end. Each tool pushes a commit of its own and "
            f"starts without a connection. Rounds counted after a warm-up: {results.runs}; in each round, "
            "each tool runs once, and then the commit must be tagged, live and touched.",
            "",
            *of_seconds(results.pushing),
            "",
            "- All but Capistrano clone with `--depth 1` into a new directory, tag there, and run "
            "`rsync --checksum --link-dest` against the current release.",
            "- plain script: `git`, `rsync` and `ssh` in turn, over one shared connection.",
            "- Capistrano: its own git plugin, which fetches into a mirror on the target; it sets the "
            "tag in the work tree. It links no files or directories and prunes nothing.",
            "- Fabric: its own connection for commands, one more for rsync.",
            "- ansible-playbook: pipelining, no facts, the connection of ControlPersist shared with "
            "rsync; git's module on this machine.",
            "- bootstrapper deploy also takes its locks here and on the target, keeps the journal, and "
            "asks git for the commit first; the others do not.",
            "- The files of the others: `benchmarks/deploy/peers/`.",
            "",
            "## A rollback",
            "",
            "Each tool rolls back a push that it just made. Capistrano's `deploy:rollback` also packs the "
            "release that it leaves; the plain script only switches and touches. A login that does "
            "nothing is the least time that any of them can take.",
            "",
            *of_seconds(results.rolling_back),
            "",
            "## With a rebuild",
            "",
            "A project with the vendored files of `benchmarks/requirements.in`, which are part of each "
            "push. The store on the target is warm.",
            "",
            *of_seconds(results.rebuilding),
            "",
            "## A stage and a line",
            "",
            "Pushes without a target. The time of an empty stage is a hundredth of the additional time "
            "of a push with a hundred more of them.",
            "",
            *of_seconds(results.overhead.stages),
            "",
            f"A stage prints a file of {results.overhead.lines:,} lines of {WIDTH} bytes into the "
            "journal, and the journal is compared with the file, byte by byte. The ratio subtracts the "
            "time of a push with an empty stage. All processes of the push together took "
            f"at most {memory.together / 1e6:.0f} MB (shared memory counts once), the largest "
            f"{memory.largest / 1e6:.0f} MB, sampled every 5 ms in a separate run.",
            "",
            *of_seconds(results.overhead.output),
            "",
            f"## {fleet.hosts} hosts",
            "",
            "This machine runs an sshd for each host, so it is both ends of every connection. During a "
            f"push to all hosts, {fleet.busy[ALL]:.0%} of its processors is in use, and that is the "
            f"limit. The logins alone, all at once, take {median(fleet.seconds[LOGINS]):.1f} s: each is "
            "a key exchange and a new process of sshd, on both sides.",
            "",
            *of_seconds(fleet.seconds),
            "",
            *table(
                ["processors", "busy"],
                [[title, f"{share:.0%}"] for title, share in fleet.busy.items()],
            ),
            "",
        ]
    )
