"""docs/rolf-runbook.md, followed by an administrator: two machines, an upgrade, and a restore."""

import http.client
import json
import re
import shutil
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.support import apache
from tests.support.debian import Debian, debians
from tests.support.markdown import Block, blocks
from tests.support.pasting import Shell, assert_printed, commands_and_output
from tests.support.postgresql import INITDB
from tests.support.rolf_home import until
from tests.support.rolf_visitor import Visitor, token_of
from tests.support.ssh_server import SSHD

pytestmark = pytest.mark.needs(
    *(apache.APACHE, SSHD, INITDB, "curl", "git", "rsync", "sudo", "ip", "unshare")
)

PAGE = (REPOSITORY / "docs/rolf-runbook.md").read_text(encoding="utf-8")
WHERE = {
    "On `rolf1`": ["rolf1"],
    "On `rolf2`": ["rolf2"],
    "On both machines": ["rolf1", "rolf2"],
    "On your machine": ["desk"],
}
# The files come from the test, so nothing is downloaded.
MAKE = """#!/bin/sh -eu
case $1 in
    rolf) test -e rolf/manage.py ;;  # the test publishes a release there
    vendor) grep -qx -e '-r postgresql.in' requirements/apps.in
        rsync -a --delete {vendored}/ requirements ;;
esac
"""
KEY_EDITOR = """#!/bin/sh -eu
case $1 in *authorized_keys) echo '{key}' >>"$1" ;; esac
"""
# Sets the lines that the page shows in their tables, or adds them, and removes REMOTE_HOST.
TOML_EDITOR = """#!/usr/bin/python3
import re, sys
path, wanted = sys.argv[1], {wanted!r}
text = open(path).read()
for table, lines in re.findall(r"^\\[(.+)\\]\\n((?:\\w+ = .*\\n)+)", wanted, re.M):
    before, head, after = text.partition(f"[{{table}}]\\n")
    assert head, table
    body, bracket, rest = after.partition("\\n[")
    body = re.sub('^REMOTE_HOST = .*\\n', "", body, flags=re.M)
    for line in lines.splitlines():
        name = line.split()[0]
        body, found = re.subn(f"(?m)^{{name}} = .*$", line, body)
        body = body if found else f"{{line}}\\n{{body}}"
    text = before + head + body + bracket + rest
open(path, "w").write(text)
"""
ROBOTS = "main/static/main/robots.txt"
# A deployment with a label; its stage waits for a file, if there is another one.
CREATE = """
from deployments.models import Application, Category, Deployment, Stage
tools, _ = Category.objects.get_or_create(name="tools")
shop, _ = Application.objects.get_or_create(name="shop", category=tools)
for label in ("inside", "dmz"):
    deployment = Deployment.objects.create(application=shop, name=label, labels=label)
    Stage.objects.create(deployment=deployment, position=0, name="where", code='''
hostname
if [ -e {gate}.closed ]; then touch {gate}.$(hostname); until [ -e {gate} ]; do sleep 0.2; done; fi
''')
    print(deployment.pk)
"""
STATES = """
import json
from pushes.models import Push
print(json.dumps([
    [push.deployment.name, push.state, push.reason,
     b"".join(bytes(chunk.data) for chunk in push.chunks.all()).decode()]
    for push in Push.objects.order_by("pk")]))
"""


def section(title: str) -> str:
    """Return a section of the page, with its subsections."""
    [found] = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


class Administrator:
    """Follows the page on two machines, with shells of root and of Rolf's user, and on a third."""

    def __init__(self, there: "dict[str, Debian]", shells: ExitStack, directory: Path) -> None:
        self.there = there
        self.root = {
            name: shells.enter_context(Shell(each.words("root"), directory))
            for name, each in there.items()
        }
        self.rolf = shells.enter_context(Shell(there["rolf1"].words("www-data"), directory))

    def follow(self, title: str) -> "list[Block]":
        """Do what a section says; return the blocks of which it does not say where."""
        left = []
        for block in blocks(section(title)):
            where = [names for words, names in WHERE.items() if words in block.above]
            if not where:
                left.append(block)
            self.prepare(block.text)
            commands, output = commands_and_output(block)
            for name in where[0] if where else []:
                began = time.monotonic()
                printed = self.root[name].paste(commands)
                print(f"{name}, {time.monotonic() - began:.1f} s:\n{commands}\n{printed}")
                assert_printed(output, printed)
        return left

    def prepare(self, text: str) -> None:
        """Do what the page says in words, before a block."""
        if "git ls-remote" in text:
            for name in ("rolf1", "rolf2"):
                key = self.there[name].run("cat ~www-data/.ssh/id_ed25519.pub")
                self.there["desk"].run(f"echo '{key}' >>~git/.ssh/authorized_keys")
        if "--skip smoke-test" in text:  # a minute less: no machine has to build the wheels again
            for name in ("rolf1", "rolf2"):
                self.there[name].run(
                    f"cp -a {self.there['desk'].base}/root/.cache/bootstrapper /var/www/.cache\n"
                    "chown -R www-data: /var/www/.cache"
                )

    def shell(self, code: str) -> str:
        """Run Python in Rolf on the first machine."""
        self.rolf.paste("cd /var/www/rolf/current\n")
        return self.rolf.paste(f"./manage.py shell -v0 -c {shell_quoted(code)}\n").strip()

    def pushes(self) -> "list[list[str]]":
        """Return the name of the deployment, the state, the reason and the log of each push."""
        return list(json.loads(self.shell(STATES)))


def shell_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@contextmanager
def house(rolf_project: Path) -> Iterator[Administrator]:
    """Run the machines, with an administrator who has a checkout and a git server."""
    with debians() as there, ExitStack() as shells:
        lay_out_desk(there["desk"], rolf_project)
        key = there["desk"].run("cat /root/.ssh/id_ed25519.pub")
        for name in ("rolf1", "rolf2"):
            there[name].program("editor", KEY_EDITOR.format(key=key))
        scratch = there["desk"].base / "pasted"
        scratch.mkdir()
        yield Administrator(there, shells, scratch)


def lay_out_desk(desk: Debian, rolf_project: Path) -> None:
    """Give a machine the checkout, the user's key, and the server of git repositories."""
    files = desk.base / "root/bootstrapper/rolf"
    own = {"ve", "data", "media", "static", ".env"}
    shutil.copytree(
        rolf_project,
        files,
        symlinks=True,
        ignore=lambda where, _: own if Path(where) == rolf_project else (),
    )
    (files / "data").mkdir()
    vendored = desk.base / "vendored"
    shutil.copytree(files / "requirements", vendored)
    apps_in = REPOSITORY / "rolf/requirements/apps.in"
    shutil.copy(apps_in, files / "requirements/apps.in")
    desk.program("make", MAKE.format(vendored=vendored))
    [wanted] = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    desk.program("editor", TOML_EDITOR.format(wanted=wanted))
    home = desk.base / "git"
    desk.run(
        f"useradd --system --create-home --home-dir {home} --shell /bin/bash git\n"
        "install -d -m 700 /root/.ssh\n"
        "ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519\n"
        "printf 'Host git.example.org\\nStrictHostKeyChecking accept-new\\n' >/root/.ssh/config\n"
        "git config --global user.name Anna\n"
        "git config --global user.email anna@example.org\n"
        "git config --global core.compression 0\n"
        "install -d -m 700 ~git/.ssh\n"
        "cp /root/.ssh/id_ed25519.pub ~git/.ssh/authorized_keys\n"
        "git init -q --bare -b main ~git/rolf.git\n"
        "chown -R git: ~git\n"
    )


class HostedAt(urllib.request.HTTPSHandler):
    """Connects to a fixed address, whatever the name of the host is. It accepts any certificate."""

    def __init__(self, address: str) -> None:
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        super().__init__(context=tls)
        self._address, self._tls = address, tls

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        """Open a connection."""

        def connection(host: str, **more: Any) -> http.client.HTTPSConnection:
            made = http.client.HTTPSConnection(host, context=self._tls, **more)
            plain = partial(socket.create_connection, (self._address, 443))
            vars(made)["_create_connection"] = lambda address, *rest: plain(*rest)
            return made

        return self.do_open(connection, request)


def log_in(administrator: Administrator) -> Visitor:
    """Log in with the password in the log of the first start, through Apache and TLS."""
    log = administrator.there["rolf1"].run("journalctl -u rolf")
    [password] = re.findall(r"password +(\S+)", log)
    site = "https://rolf.example.org/"
    handler = HostedAt(administrator.there["rolf1"].machine.address)
    visitor = Visitor(site, handler, Referer=site)
    status, _, page = visitor.sign_in("admin", password)
    assert status == 200 and "sign-out" in page, page
    return visitor


def push(visitor: Visitor, deployment: str) -> None:
    """Start a push, as its button does."""
    _, _, page = visitor.open(f"deployments/{deployment}/")
    token = token_of(page)
    status, url, page = visitor.open(f"deployments/{deployment}/push/", csrfmiddlewaretoken=token)
    assert status == 200 and "/pushes/" in url, page


@pytest.mark.timeout(1200)
def test_runbook_works_as_it_is_written(rolf_project: Path) -> None:
    with house(rolf_project) as administrator:
        install(administrator)
        site = log_in(administrator)
        gate = administrator.there["desk"].base / "gates/gate"
        gate.parent.mkdir()
        gate.parent.chmod(0o777)
        deployments = administrator.shell(CREATE.format(gate=gate)).splitlines()
        push_by_labels(administrator, site, deployments)
        upgrade_while_they_run(administrator, site, deployments, gate)
        back_up_and_restore(administrator)


def install(administrator: Administrator) -> None:
    """Follow the page until both machines run."""
    administrator.root["desk"].paste("cd /root/bootstrapper\n")
    assert administrator.follow("Install on two machines") == []


def push_by_labels(administrator: Administrator, site: Visitor, deployments: "list[str]") -> None:
    """Push to each network; the machine with the label does so."""
    for deployment in deployments:
        push(site, deployment)
    assert until(lambda: [each[1] for each in administrator.pushes()] == ["succeeded"] * 2)
    logs = {each[0]: each[3].strip() for each in administrator.pushes()}
    assert logs == {"inside": "rolf1", "dmz": "rolf2"}


def upgrade_while_they_run(
    administrator: Administrator, site: Visitor, deployments: "list[str]", gate: Path
) -> None:
    """Follow the page while both workers have a push; each finishes it and changes its release."""
    gate.with_name("gate.closed").touch()
    for deployment in deployments:
        push(site, deployment)
    begun = [gate.with_name(f"gate.{name}") for name in ("rolf1", "rolf2")]
    assert until(lambda: all(path.exists() for path in begun)), administrator.pushes()
    published = administrator.there["desk"].base / "root/bootstrapper/rolf" / ROBOTS
    published.write_text(f"# the next release\n{published.read_text()}")
    administrator.root["desk"].paste("cd /root/bootstrapper\n")
    [rollback] = administrator.follow("Upgrade")
    assert rollback.text.endswith("bootstrapper rollback\n")
    assert [each[1] for each in administrator.pushes()[2:]] == ["running"] * 2
    gate.touch()
    assert until(lambda: [each[1] for each in administrator.pushes()[2:]] == ["succeeded"] * 2)
    for name in ("rolf1", "rolf2"):
        check = "cd /var/www/rolf/current && ./manage.py worker --check"
        assert f"on {name} runs release 2" in administrator.there[name].run(check, "www-data")
    assert until(lambda: "the next release" in site.open("robots.txt")[2])
    status, _, page = site.open("workers/")
    assert status == 200
    releases = re.findall(r'data-label="release">(.*?)<', page)
    assert releases == ["2", "2"], page


def back_up_and_restore(administrator: Administrator) -> None:
    """Back up, lose the database and the settings, and restore both as the page says."""
    root = administrator.root["rolf1"]
    directory, backup, cron = blocks(section("Back up"))
    root.paste(directory.text)
    commands, output = commands_and_output(backup)
    printed = administrator.rolf.paste(commands)
    # Without a store there is no line about it.
    assert_printed(re.sub("^ROLF_LOG_STORE.*\n", "", output, flags=re.MULTILINE), printed)
    administrator.rolf.paste(cron.text.partition("  www-data  ")[2])
    before = administrator.pushes()

    for name, unit in (("rolf1", "rolf"), ("rolf2", "rolf-worker")):
        administrator.there[name].run(f"systemctl stop {unit}")
    root.paste("sudo -u postgres dropdb rolf\n")
    [create] = [each for each in blocks(PAGE) if "createdb" in each.text]
    root.paste(create.text)
    [made] = re.findall(r"^(/\S+\.tar):", printed, re.MULTILINE)
    administrator.rolf.paste(f"cp {made} rolf.tar; : >.env\n")
    check, settings, restore = blocks(section("Restore"))
    shown = re.findall(r"/\S+\.tar", check.text)[0]
    administrator.rolf.paste(check.text.replace(shown, made))
    for block in (settings, restore):
        administrator.rolf.paste(block.text)

    for name, unit in (("rolf1", "rolf"), ("rolf2", "rolf-worker")):
        administrator.there[name].run(f"systemctl start {unit}")
    assert administrator.pushes() == before
    ready = "until curl -fs localhost:8000/readyz; do sleep 0.2; done"
    assert '"worker": "ok"' in administrator.there["rolf1"].run(ready)
    site = log_in(administrator)
    status, _, page = site.open("workers/")
    assert status == 200 and "rolf1" in page and "rolf2" in page, page
