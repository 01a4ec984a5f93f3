"""Names of branches, tags and commits: which text may be handed to git as one. Pure."""

import re

from bootstrapper.errors import InputError

# git-check-ref-format(1): rules 1 and 3 to 10. Rule 2, a slash in each name, is waived there by
# --allow-onelevel. Its --branch refuses a leading dash, which git would read as an option.
_FORBIDDEN = re.compile(
    r"^-|[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|^@$|^/|/$|//|\.$|(?:^|/)\.|\.lock(?:/|$)"
)


def is_ref(name: str) -> bool:
    """Return whether git takes `name` for a branch, a tag, a commit or a full name (refs/…)."""
    return bool(name) and not _FORBIDDEN.search(name)


def check_ref(name: str) -> str:
    """Return `name`. Raises InputError if git could not take it for a ref."""
    if not is_ref(name):
        raise InputError(
            repr(name),
            "git has no branch, tag or commit by such a name",
            "git branch --all && git tag  # the names that git has here",
        )
    return name


def full_names(name: str) -> tuple[str, ...]:
    """Return the full names that `name` may stand for: of a branch, then of a tag."""
    if name == "HEAD" or name.startswith("refs/"):
        return (name,)
    return (f"refs/heads/{name}", f"refs/tags/{name}")
