"""A project of each stack goes live by what init wrote: two pushes and a rollback, over a real sshd."""

import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.deploy.init.walking import adopt, output, walk, write
from tests.support import tomcat
from tests.support.perl import SNAPSHOT, perl_distribution
from tests.support.shop import Shop
from tests.support.ssh_server import SSHD, SshServer
from vendor_fetch.template.own_wheel import build_wheel

pytestmark = pytest.mark.needs(SSHD, "ssh", "rsync")


def test_site_of_plain_files_goes_live_and_returns(
    shop: Shop, ssh_server: SshServer, page: Callable[[list[str]], str]
) -> None:
    index = write(shop.project / "index.html", "start")
    write(shop.project / "media/photo.txt", "start")
    url = page(["cat", "index.html"])
    adopt(shop, ssh_server, url)

    def change(words: str) -> None:
        index.write_text(words)
        write(shop.project / "media/photo.txt", words)

    def shown() -> str:
        live = shop.live / "current"
        assert (live / "media/photo.txt").read_text() == (live / "index.html").read_text()
        return (live / "index.html").read_text()

    walk(shop, change, shown)
    assert not (shop.live / "current/deploy").exists()
    assert not (shop.live / "current/.git").exists()


@pytest.mark.needs("node", "npm")
def test_site_that_npm_builds_goes_live_and_returns(
    shop: Shop, ssh_server: SshServer, page: Callable[[list[str]], str]
) -> None:
    package = {"name": "site", "version": "1.0.0", "scripts": {"build": "node build.js"}}
    write(shop.project / "package.json", json.dumps(package))
    lock = {"name": "site", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": package}}
    write(shop.project / "package-lock.json", json.dumps(lock))
    write(
        shop.project / "build.js",
        'const fs = require("fs"); fs.mkdirSync("dist", {recursive: true});\n'
        'fs.writeFileSync("dist/index.html", fs.readFileSync("words.txt"));\n',
    )
    write(shop.project / ".gitignore", "/dist/\n/node_modules/\n")
    words = write(shop.project / "words.txt", "start")
    adopt(shop, ssh_server, page(["cat", "index.html"]))
    walk(shop, words.write_text, (shop.live / "current/index.html").read_text)


@pytest.mark.needs("composer", "php")
def test_composer_project_goes_live_and_returns(
    shop: Shop, ssh_server: SshServer, page: Callable[[list[str]], str]
) -> None:
    greeting = shop.project / "src/Greeting.php"

    def change(words: str) -> None:
        write(
            greeting,
            f'<?php\nclass Greeting {{ static function text() {{ return "{words}"; }} }}\n',
        )

    change("start")
    package = {"name": "shop/shop", "autoload": {"classmap": ["src"]}, "require": {}}
    write(shop.project / "composer.json", json.dumps(package))
    subprocess.run(
        ["composer", "update", "--no-install", "--no-interaction", "--quiet"],
        cwd=shop.project,
        check=True,
    )
    write(shop.project / ".gitignore", "/vendor/\n/uploads/*\n")
    write(
        shop.project / "index.php",
        '<?php require __DIR__ . "/vendor/autoload.php"; echo Greeting::text();',
    )
    composer = "php /usr/bin/composer"  # a setting of a name that Composer itself reads
    adopt(shop, ssh_server, page(["php", "index.php"]), f"COMPOSER={composer}")
    walk(shop, change, lambda: output(shop, "php", "index.php"))
    assert (shop.live / "current/uploads").resolve() == shop.live / "shared/uploads"


@pytest.mark.needs("carton", "perl")
def test_carton_project_goes_live_and_returns(
    shop: Shop, ssh_server: SshServer, page: Callable[[list[str]], str]
) -> None:
    cache = shop.project / "vendor/cache"
    write(shop.project / "cpanfile", "requires 'Greeting', '0.01';\n")
    write(shop.project / "cpanfile.snapshot", SNAPSHOT)
    (cache / "modules").mkdir(parents=True)
    index = b"File: 02packages.details.txt\n\nGreeting 0.01 A/AN/ANNA/Greeting-0.01.tar.gz\n"
    (cache / "modules/02packages.details.txt.gz").write_bytes(gzip.compress(index))

    def change(words: str) -> None:
        perl_distribution(cache / "authors/id/A/AN/ANNA/Greeting-0.01.tar.gz", f"'{words}'")

    command = ["perl", "-Ilocal/lib/perl5", "-MGreeting", "-e", "print Greeting::text"]
    adopt(shop, ssh_server, page(command))
    walk(shop, change, lambda: output(shop, *command))


POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <artifactId>shop</artifactId>
  <version>1.0</version>
  <packaging>war</packaging>
</project>
"""


@pytest.mark.needs(tomcat.JAVA, "/usr/share/tomcat10/bin/catalina.sh")
def test_war_that_a_command_builds_goes_live_and_returns(
    shop: Shop, ssh_server: SshServer, tmp_path: Path
) -> None:
    write(shop.project / "pom.xml", POM)
    write(shop.project / "app/WEB-INF/web.xml", tomcat.WEB_XML)
    index = write(shop.project / "app/index.html", "start")
    write(shop.project / ".gitignore", "/target/\n")
    with tomcat.serve(tmp_path / "tomcat") as server:
        adopt(
            shop,
            ssh_server,
            f"{server.url}/shop/",
            f"WEBAPPS={server.webapps}",
            # Maven itself would fetch its plugins.
            "BUILD_COMMAND=mkdir target && cd app && "
            "python3 -m zipfile -c ../target/shop-1.0.war index.html WEB-INF",
        )
        walk(shop, index.write_text, lambda: server.get("/shop/")[1])


def test_plain_project_goes_live_and_returns(
    shop: Shop, ssh_server: SshServer, page: Callable[[list[str]], str]
) -> None:
    words = write(shop.project / "words.txt", "start")
    write(shop.project / "Makefile", "test:\n\tgrep . words.txt\n")
    adopt(
        shop,
        ssh_server,
        page(["cat", "built.txt"]),
        "BUILD_COMMAND=cp words.txt built.txt",
        stack="plain",
    )
    walk(shop, words.write_text, (shop.live / "current/built.txt").read_text)


def test_commands_work_from_a_wheel_alone(
    shop: Shop, tmp_path: Path, page: Callable[[list[str]], str]
) -> None:
    """As the how-to guide has them: nothing is installed, and the project has no ve."""
    wheel = build_wheel(REPOSITORY, tmp_path / "wheel")
    write(shop.project / "public/index.html", "start")
    values = [f"SMOKE_URL={page(['cat', 'index.html'])}"]
    values += ["REMOTE_HOST=.", f"REMOTE_DIRECTORY={shop.live}"]
    adopted = ["init", "--yes", *(part for value in values for part in ("--set", value))]
    for number, words in enumerate((adopted, ["deploy"], ["deploy"], ["rollback", "--yes"])):
        shop.commit(f"before step {number}")
        done = shop.run(*words, PYTHONPATH=str(wheel))
        assert done.returncode == 0, done.stdout + done.stderr
    assert (shop.live / "current/index.html").read_text() == "start"
