"""Name what a project has instead of the options of pip that apps.in cannot have."""

import re

from vendor_fetch.project.project import APPS_IN

_INDEX = "the configuration of pip or uv says where packages come from", "delete the line"
_FILES = (
    'format in [tool.vendor_fetch] of pyproject.toml chooses between "wheel" and "tarball"',
    "delete the line",
)
_BUILD = "the rebuild passes no options to a build backend", "delete the option"
_REFUSED = {
    **dict.fromkeys(
        ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index"), _INDEX
    ),
    **dict.fromkeys(("--trusted-host", "--pypi-url"), _INDEX),
    **dict.fromkeys(("--no-binary", "--only-binary", "--prefer-binary"), _FILES),
    **dict.fromkeys(
        ("--config-settings", "--config-setting", "-C", "--global-option", "--install-option"),
        _BUILD,
    ),
    "--pre": (
        "it would hold for every package",
        "delete the line, and name the pre-release of a package, like Django>=6.1a1",
    ),
    "--require-hashes": ("the locks have the hash of every file", "delete the line"),
}
_INCLUDING = ("-r", "--requirement", "-c", "--constraint")
_EDITABLE = re.compile(r"(?:-e\s*|--editable[\s=]\s*)(?P<what>\S.*)")
_HASH = re.compile(r"(?:^|\s)--hash(?:=|\s+)(?P<algorithm>[\w-]+):(?P<digest>\S+)")
_OPTION = re.compile(r"(?:^|\s)(?P<option>--?[A-Za-z][\w-]*)")


class RefusedOption(ValueError):
    """An option that apps.in cannot have. `change` says what to write instead."""

    def __init__(self, option: str, reason: str, change: str) -> None:
        super().__init__(f"{option}: {reason}")
        self.option = option
        self.change = change


def split_hashes(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a line without its hashes, and their sha256. Raise RefusedOption for other options."""
    hashes = []
    for match in _HASH.finditer(text):
        if match["algorithm"] != "sha256" or not re.fullmatch(r"[0-9a-fA-F]{64}", match["digest"]):
            raise RefusedOption(
                f"--hash={match['algorithm']}:",
                "a hash must be sha256: with 64 hexadecimal digits, as in the locks",
                "replace the hash, or delete it",
            )
        hashes.append(match["digest"].lower())
    rest = _HASH.sub("", text).strip()
    if hashes and not rest:
        raise RefusedOption(
            "--hash",
            "a hash is a part of the line of its requirement",
            "write the hash behind its requirement, or end the line above with a backslash",
        )
    if editable := _EDITABLE.fullmatch(rest):
        raise _editable(editable["what"])
    if option := _OPTION.search(rest):
        raise _refused(option["option"], alone=option.start() == 0)
    return rest, tuple(hashes)


def _editable(what: str) -> RefusedOption:
    if re.fullmatch(r"\./?(\[.*\])?", what):
        change = "delete the line: manage.py finds the project's own packages"
    else:
        change = f"write {what}"
    return RefusedOption("-e", "what a project vendors is a copy, which cannot be edited", change)


def _refused(option: str, *, alone: bool) -> RefusedOption:
    """Return the error about an option, which stands `alone` or behind a requirement."""
    if alone and option in _INCLUDING:
        return RefusedOption(
            option, "it is followed by one path", f"write {option} NAME, or delete the line"
        )
    reason, change = _REFUSED.get(
        option, (f"{APPS_IN} has no options but -r, -c and --hash", "delete the option")
    )
    if not alone:
        change = change.replace("delete the line", "delete the option")
    return RefusedOption(option, reason, change)
