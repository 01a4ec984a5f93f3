"""What a user does after Django has moved to another version."""

from bootstrapper.next_step import next_lines
from bootstrapper.ve.standards.version import InvalidVersion, Version

# Since 2.0, each major version has three feature releases: 5.0, 5.1, 5.2.
_LAST_MINOR = 2


def next_steps() -> str:
    """Return the `next:` lines that rebuild and check the project."""
    return next_lines(
        [
            "./bootstrap.py",
            "ve/bin/python manage.py check --deploy",
            "ve/bin/python manage.py test",
        ]
    )


def release_notes(old: str, new: str) -> list[str]:
    """Return the addresses of the notes of the feature releases from one version to another."""
    try:
        first, last = (_feature(version) for version in (old, new))
    except InvalidVersion:
        return []
    passed = []
    while first < last:
        major, minor = first
        following = (major, minor + 1) if minor < _LAST_MINOR and major >= 2 else (major + 1, 0)
        first = min(following, last)
        passed.append(f"{first[0]}.{first[1]}")
    return [f"https://docs.djangoproject.com/en/{each}/releases/{each}/" for each in passed]


def _feature(version: str) -> tuple[int, int]:
    release = (*Version(version).release, 0)
    return release[0], release[1]
