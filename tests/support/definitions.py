"""A deployments.toml that is right, to be made wrong in one place."""

from pathlib import Path

RIGHT = """\
default = "production"

[settings]
REPOSITORY = "git@git.example.org:mysite.git"

[deployments.production]
branch = "main"
stages = [
    "clear",
    { recipe = "smoke", name = "smoke test", timeout = "2m", idle_timeout = "30s" },
]
timeout = "15m"
on_failure = "rollback"

[deployments.production.settings]
REMOTE_HOST = "deploy@app1.example.org"
WORKERS = 4
DEBUG = false
MODULES = ["one", "two"]
SENTRY_DSN = { secret = true }

[deployments.production.flags.SKIP_TESTS]
description = "push without running the tests"
default = false

[deployments.staging]
stages = ["clear"]
flags.NOTE.default = "none"
"""


def write(project: Path, text: str = RIGHT) -> Path:
    """Make it the project's; returns the project."""
    (project / "deploy" / "recipes").mkdir(parents=True, exist_ok=True)
    (project / "deploy" / "deployments.toml").write_text(text, newline="")
    return project


def recipe(project: Path, file: str, text: str) -> Path:
    """Write a recipe; returns its path."""
    path = project / "deploy" / "recipes" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, newline="")
    return path
