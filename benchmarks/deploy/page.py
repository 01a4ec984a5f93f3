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
            "Ratios of times are the median of the rounds' ratios.",
            "",
            *of_targets(results.targets()),
            "",
            "## A push",
            "",
            f"The newest commit of a Django project of {results.files} files, cloned from a repository "
            "on this disk, tagged, brought over ssh to a real OpenSSH server on loopback that has an "
            "earlier release, switched to and touched; nothing is rebuilt. The client is measured, "
            "from its start to its end. Each brings a commit of its own, with nothing connected "
            f"beforehand. Rounds counted after a warm-up: {results.runs}; in each everyone has a turn, "
            "and after each turn the commit is seen to be tagged, live and touched.",
            "",
            *of_seconds(results.pushing),
            "",
            "- All but Capistrano clone with `--depth 1` into a new directory, tag there, and run "
            "`rsync --checksum --link-dest` against the current release.",
            "- plain script: `git`, `rsync` and `ssh` in turn, over one shared connection.",
            "- Capistrano: its own git plugin, which fetches into a mirror that the target keeps; the "
            "tag is set in the work tree. No linked files or directories, nothing is pruned.",
            "- Fabric: its own connection for commands, one more for rsync.",
            "- ansible-playbook: pipelining, no facts, the connection of ControlPersist shared with "
            "rsync; git's module on this machine.",
            "- Ours besides takes its locks here and on the target, keeps the journal, and asks git "
            "for the commit beforehand; the others do not.",
            "- Their files: `benchmarks/deploy/peers/`.",
            "",
            "## A rollback",
            "",
            "Of a push that has just been made. Capistrano's `deploy:rollback` also packs the release "
            "that it leaves; the plain script only switches and touches. A login that does nothing is "
            "the least that any of them can take.",
            "",
            *of_seconds(results.rolling_back),
            "",
            "## With a rebuild",
            "",
            "A project with the vendored files of `benchmarks/requirements.in`, which travel with each "
            "push; the store on the target is warm.",
            "",
            *of_seconds(results.rebuilding),
            "",
            "## A stage and a line",
            "",
            "Pushes without a target. An empty stage is a hundredth of what a push with a hundred more "
            "of them takes longer.",
            "",
            *of_seconds(results.overhead.stages),
            "",
            f"{results.overhead.lines:,} lines of {WIDTH} bytes from a file, through a stage into the "
            "journal; what was journalled was compared with the file, byte by byte. In the ratio the "
            "time of a push with an empty stage is taken off. All processes of the push together took "
            f"at most {memory.together / 1e6:.0f} MB (what they share counts once), the largest "
            f"{memory.largest / 1e6:.0f} MB, sampled every 5 ms in a run of its own.",
            "",
            *of_seconds(results.overhead.output),
            "",
            f"## {fleet.hosts} hosts",
            "",
            "An sshd for each on this machine, which is both ends of every connection: while all are "
            f"pushed to, {fleet.busy[ALL]:.0%} of its processors is in use, and that is what limits. "
            f"The logins alone, all at once, take {median(fleet.seconds[LOGINS]):.1f} s: key exchange "
            "and a new process of sshd for each, on both sides.",
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
