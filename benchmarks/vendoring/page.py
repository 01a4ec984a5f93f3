"""The results of vendoring as a Markdown page."""

from benchmarks.table import of_seconds, of_targets
from benchmarks.vendoring.contenders import CHECK, OURS_NINE, OURS_WARM
from benchmarks.vendoring.measuring import BEFORE
from benchmarks.vendoring.results import Results


def page(results: Results) -> str:
    """Return the page."""
    versions = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    requests = results.requests
    return "\n".join(
        [
            "# Benchmarks of vendoring",
            "",
            f"Written by `make bench` on {results.machine}; {versions}.",
            "",
            f"`vendor_fetch` fetches the packages of `benchmarks/requirements.in`: "
            f"{_sized(results, OURS_WARM)} for one target, {_sized(results, OURS_NINE)} for nine "
            "(Python 3.11, 3.12 and 3.13 on Linux x86_64, Linux aarch64 and macOS arm64). All tools "
            "use one package index on the same machine. It has the real project pages and files, and "
            "sends the cache headers of large public indexes: a page is fresh for ten minutes, a file "
            f"for ever. Rounds counted after a warm-up: {results.runs}; in each round, each tool runs "
            "once.",
            "",
            "- Every run starts without a lock and without vendored files; an upgrade starts with both.",
            "- **Warm**: the caches of the tool have everything from the warm-up. **Cold**: its caches "
            "are empty. In both cases, the index has its answers in memory or in the page cache.",
            "- `vendor_fetch sync` resolves the application and the tools of the rebuild, copies each "
            "file with its hash verified, writes both locks, and checks the result. `pip download` "
            "resolves and copies. `uv pip compile` only resolves.",
            "",
            "## Targets",
            "",
            "A ratio of times is the median of the ratios of the rounds.",
            "",
            *of_targets(results.targets()),
            "",
            "- Warm, `uv pip compile` reads its own cache and writes one file. `sync` also starts Python, "
            "runs uv twice, and copies, hashes and proves all files.",
            "- Nine targets have three times the bytes of one. Where a target has no wheel, `sync` takes "
            "the tarball and asks its build backend what it needs; here those are rcssmin and rjsmin on "
            "macOS.",
            "",
            "## Warm",
            "",
            *of_seconds(results.warm),
            "",
            "## Cold",
            "",
            *of_seconds(results.cold),
            "",
            "## Requests of a cold sync of nine targets",
            "",
            f"{requests.pages} GETs of project pages for {requests.packages} packages, "
            f"{requests.metadata} GETs of the metadata of {requests.distinct_metadata} wheels, and "
            f"{requests.files} GETs of {requests.distinct_files} files.",
            "",
            "## Upgrade",
            "",
            f"From `{BEFORE}` to the newest version, in the project with one target.",
            "",
            *of_seconds(results.upgrading),
            "",
            "## Check",
            "",
            f"`check` of {_sized(results, CHECK)} for nine targets: graph, tags and bytes. Beside it, "
            "Python's hashlib reads the same files, one after the other.",
            "",
            *of_seconds(results.checking),
            "",
        ]
    )


def _sized(results: Results, title: str) -> str:
    number, size = results.sizes[title]
    return f"{number} files, {size / 1e6:.0f} MB"
