"""A generated project as a release."""

import subprocess
from pathlib import Path

from tests.support.recipe_runner import Push


def give(push: Push, project: Path, number: int = 1) -> Path:
    """Put the project there as a release, with production's settings; returns where."""
    release = push.release(number)
    release.mkdir(parents=True)
    subprocess.run(
        ["cp", "-a", *(path for path in project.iterdir() if path.name != "data"), release],
        check=True,
    )
    (release / "data").mkdir()
    (release / ".env").write_text(f"SECRET_KEY={'x9' * 30}\n")
    push.settings["DJANGO_SETTINGS_MODULE"] = "shop.settings.production"
    return release
