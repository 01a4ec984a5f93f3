"""A project of the template on a real system: rebuilt, tested, pushed over ssh, and served."""

import re
from dataclasses import dataclass

import pytest

from tests.conftest import Generate
from tests.support.beds import Bed
from tests.support.working_copy import LEAD, PAGE

DOMAIN = "bed.example"
LIVE = "/var/www/bed_site"
COMMIT = """
git init -q --bare bed_site.git
cd bed_site
sed -i 's|^REPOSITORY = ""|REPOSITORY = "/home/anna/bed_site.git"|
        s|^REMOTE_HOST = ""|REMOTE_HOST = "www-data@localhost"|' deploy/deployments.toml
git init -q
git remote add origin ~/bed_site.git
git add .
git commit -q -m 'A new site'
git push -q origin main
"""
CONFIGURE_APACHE = f"""
cd {LIVE}/current/apache
install -o root -g root -m 644 production.conf /etc/apache2/sites-available/bed_site.conf
a2ensite --quiet bed_site
apachectl configtest
apachectl start
"""
# Until the processes with the old code have ended.
SEE = f"""
for attempt in $(seq 100); do
    curl --silent --fail http://{DOMAIN}/ >page && grep --quiet --fixed-strings '{{text}}' page && exit
    sleep 0.2
done
cat page /var/log/apache2/error.log
exit 1
"""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A project in the home directory of a user, who pushes it to the web server of the system."""

    bed: Bed

    def run(self, command: str) -> str:
        """Run a command in the project, as its user."""
        return self.bed.run(f"cd bed_site\n{command}", "anna")

    def show(self, text: str) -> None:
        """Commit a front page that says the text."""
        self.write(f"/home/anna/bed_site/{PAGE}", text)
        self.run(f"git commit -q -a -m '{text}' && git push -q origin main")

    def write(self, page: str, text: str) -> None:
        """Change the lead of a page."""
        file = self.bed.root / page.lstrip("/")
        file.write_text(LEAD.sub(f'<p class="lead">{text}</p>', file.read_text()))

    def deploy(self, *words: str) -> str:
        """Push the project; a warning of Python is an error."""
        printed = self.run(f"ve/bin/python -W error -m bootstrapper {' '.join(words)}")
        assert "Warning" not in printed
        return printed

    def sees(self, text: str) -> None:
        """Assert that a visitor sees the text within seconds."""
        self.bed.run(SEE.format(text=text), timeout=60)


@pytest.fixture(scope="module")
def site(bed: Bed, generate: Generate) -> Site:
    """Generated, rebuilt and committed."""
    bed.run(f"install -d -o www-data {LIVE} && echo '127.0.0.1 {DOMAIN}' >>/etc/hosts")
    project = generate(project_name="Bed Site", domain=DOMAIN, python_version=bed.python)
    bed.put(project, "/home/anna/bed_site", "anna")
    bed.run(COMMIT, "anna")
    made = Site(bed=bed)
    made.run("python3 -W error bootstrap.py")
    return made


@pytest.fixture(scope="module")
def live(site: Site) -> Site:
    """Pushed for the first time, and served by Apache with mod_wsgi."""
    site.deploy("deploy", "--skip", "smoke-test", "-m", "'A new site'")
    site.bed.run(CONFIGURE_APACHE)
    return site


def test_project_passes_its_tests(site: Site) -> None:
    assert "\nOK" in site.run("make test")
    site.run("make check")


def test_rebuild_finds_no_difference(site: Site) -> None:
    site.run("python3 -W error bootstrap.py")
    site.run("ve/bin/python -W error -m bootstrapper check")
    site.run("ve/bin/python -W error -m vendor_fetch check")


def test_project_of_tarballs_passes_its_tests(bed: Bed, generate: Generate) -> None:
    answers = {"database": "postgresql", "vendor_format": "tarball", "python_version": bed.python}
    bed.put(generate(project_name="Tarballs", **answers), "/home/anna/tarballs", "anna")
    bed.run("cd tarballs && python3 -W error bootstrap.py", "anna")
    assert "\nOK" in bed.run("cd tarballs && make test", "anna")


def test_apache_serves_the_site_with_this_python(live: Site) -> None:
    live.sees("What Bed Site is for")
    live.bed.run(f"cd {LIVE}/current && ./manage.py smoketest", "www-data")
    log = live.bed.run("cat /var/log/apache2/error.log")
    assert re.search(rf"mod_wsgi/5\S* Python/{re.escape(live.bed.python)} ", log), log
    assert "Warning" not in log


@pytest.mark.parametrize(
    "reload", [f"touch {LIVE}/current/apache/django.wsgi", "apachectl graceful"]
)
def test_reload_shows_new_code(live: Site, reload: str) -> None:
    text = f"Seen after {reload.partition(' ')[0]}"
    live.write(f"{LIVE}/current/{PAGE}", text)
    live.bed.run(reload)
    live.sees(text)


def test_push_over_ssh_goes_live_and_rolls_back(live: Site) -> None:
    for text in ("The old page", "The new page"):
        live.show(text)
        live.deploy("deploy", "-m", f"'{text}'")
        live.sees(text)
    live.deploy("rollback", "--yes")
    live.sees("The old page")
