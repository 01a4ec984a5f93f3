"""What the tests of sending share: a checkout of a few files, and a release that is live."""

import shutil

from tests.support.recipe_runner import Push

ODD = 'it\'s "a" $file ünï'
# Files of a checkout, some of which belong to this machine; and what a release has of them.
MIXED = {
    "run.sh": "#!/bin/sh\n",
    ".git/config": "",
    "ve/bin/python": "",
    "app/__pycache__/x.pyc": "",
    "app/ve/kept": "",
}
RELEASED = {
    "index.html",
    "folder",
    f"folder/{ODD}",
    "run.sh",
    "link",
    "app",
    "app/ve",
    "app/ve/kept",
}


def check_out(push: Push, **files: str) -> None:
    """Make these the files of the checkout, with the modes of umask 077."""
    shutil.rmtree(push.checkout)
    for path, text in {"index.html": "first", f"folder/{ODD}": "odd", **files}.items():
        file = push.checkout / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for place in push.checkout.rglob("*"):
        place.chmod(0o700 if place.is_dir() or place.suffix == ".sh" else 0o600)


def make_live(push: Push, number: int) -> None:
    """Switch the target to a release, as activate-release does."""
    link = push.target / "current"
    link.unlink(missing_ok=True)
    link.symlink_to(f"releases/{number}")
