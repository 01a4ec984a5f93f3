"""A generated project, installed where its Apache configuration expects it."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

USER = "www-data"
DEBIAN_PYTHON = "/usr/bin/python3"
# Debian 12's; mod_wsgi is built for it.
PYTHON_VERSION = "3.11"


@dataclass(frozen=True, kw_only=True)
class Site:
    """A project at the place where its configuration expects it."""

    directory: Path
    domain: str
    place: str = "production"

    @property
    def configuration(self) -> Path:
        return self.directory / "apache" / f"{self.place}.conf"

    def manage(self, *arguments: str) -> str:
        """Run ./manage.py as the user that the site runs as."""
        slug = self.directory.name.removesuffix("-staging")
        run = subprocess.run(
            ["./manage.py", *arguments],
            cwd=self.directory,
            user=USER,
            group=USER,
            extra_groups=[],
            env={
                "PATH": os.environ["PATH"],
                "DJANGO_SETTINGS_MODULE": f"{slug}.settings.{self.place}",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def install(self) -> "Site":
        """Do what the README says, and upload a few files."""
        (self.directory / "media" / "notes.txt").write_text("what a visitor uploaded\n" * 100)
        (self.directory / "media" / "page.html").write_text("<script>alert(1)</script>")
        (self.directory / "media" / "evil.py").write_text("raise SystemExit")
        (self.directory / ".git").mkdir(exist_ok=True)
        (self.directory / ".git" / "config").write_text("[remote of the site's own repository]")
        give_away(self.directory)
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        return self


def give_away(directory: Path) -> None:
    """Make a project the user's, but for the ve: its files may be shared with the store."""
    for path in [directory, *directory.rglob("*")]:
        if not path.is_relative_to(directory / "ve"):
            os.chown(path, pwd.getpwnam(USER).pw_uid, -1, follow_symlinks=False)
