"""Sites and WARs that the real programs build: init finds the command, and the push runs it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.init.walking import adopt, walk, write
from tests.support import tomcat
from tests.support.shop import Shop
from tests.support.ssh_server import SSHD, SshServer

pytestmark = pytest.mark.needs(SSHD, "ssh", "rsync")
LAYOUT = "<html><body>{{ .Content }}</body></html>\n"

SITES = {
    "hugo": (
        "hugo",
        {
            "hugo.toml": 'baseURL = "https://shop.example/"\ntitle = "shop"\n',
            "layouts/index.html": LAYOUT,
            "layouts/_default/single.html": LAYOUT,
        },
        "content/_index.md",
        "---\ntitle: shop\n---\nsays {}\n",
    ),
    "mkdocs": ("mkdocs", {"mkdocs.yml": "site_name: shop\n"}, "docs/index.md", "says {}\n"),
    "jekyll": (
        "jekyll",
        {"_config.yml": "title: shop\n"},
        "index.md",
        "---\ntitle: shop\n---\nsays {}\n",
    ),
    "sphinx": (
        "sphinx-build",
        {"docs/conf.py": 'project = "shop"\nextensions = ["sphinx.ext.autodoc"]\n'},
        "docs/index.rst",
        "shop\n====\n\nsays {}\n",
    ),
}


def word_of(file: Path) -> str:
    found = re.search(r"says (\w+)", file.read_text())
    assert found, file.read_text()
    return found[1]


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.needs(SITES[kind][0])) for kind in SITES]
)
def test_site_of_a_generator_goes_live_and_returns(
    kind: str, shop: Shop, ssh_server: SshServer, page: Callable[[list[str]], str]
) -> None:
    _, files, name, text = SITES[kind]
    for each, content in files.items():
        write(shop.project / each, content)
    source = write(shop.project / name, text.format("start"))
    adopt(shop, ssh_server, page(["cat", "index.html"]))
    walk(
        shop,
        lambda words: source.write_text(text.format(words)),
        lambda: word_of(shop.live / "current/index.html"),
    )
    assert not (shop.live / "current/deploy").exists()


ANT = """\
<project name="shop" default="war">
  <target name="war">
    <war destfile="dist/shop.war" webxml="src/main/webapp/WEB-INF/web.xml">
      <fileset dir="src/main/webapp" excludes="WEB-INF/web.xml"/>
    </war>
  </target>
</project>
"""


@pytest.mark.needs("ant", tomcat.JAVA, "/usr/share/tomcat10/bin/catalina.sh")
def test_war_that_ant_builds_goes_live_and_returns(
    shop: Shop, ssh_server: SshServer, tmp_path: Path
) -> None:
    write(shop.project / "build.xml", ANT)
    write(shop.project / "src/main/webapp/WEB-INF/web.xml", tomcat.WEB_XML)
    index = write(shop.project / "src/main/webapp/index.html", "start")
    write(shop.project / ".gitignore", "/dist/\n")
    with tomcat.serve(tmp_path / "tomcat") as server:
        adopt(shop, ssh_server, f"{server.url}/shop/", f"WEBAPPS={server.webapps}")
        walk(shop, index.write_text, lambda: server.get("/shop/")[1])
