"""A real Tomcat on a loopback port, with an application directory of the test's own."""

import os
import signal
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from tests.support.processes import ENDS_WITH_US

HOME = Path("/usr/share/tomcat10")
JAVA = "/usr/bin/java"
# Tomcat looks for changed WARs at every second, so that the tests wait less than its 10 s.
SERVER = """\
<Server port="-1">
  <Service name="Catalina">
    <Connector address="127.0.0.1" port="{port}"/>
    <Engine name="Catalina" defaultHost="localhost" backgroundProcessorDelay="1">
      <Host name="localhost" appBase="webapps" autoDeploy="true" unpackWARs="true"/>
    </Engine>
  </Service>
</Server>
"""
# What every application has: files as they are, and a front page.
DEFAULTS = """\
<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
  <servlet>
    <servlet-name>default</servlet-name>
    <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>
    <load-on-startup>1</load-on-startup>
  </servlet>
  <servlet-mapping>
    <servlet-name>default</servlet-name>
    <url-pattern>/</url-pattern>
  </servlet-mapping>
  <welcome-file-list><welcome-file>index.html</welcome-file></welcome-file-list>
</web-app>
"""
WEB_XML = '<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0"/>'


@dataclass(frozen=True, kw_only=True)
class Tomcat:
    """`webapps` is where it takes WARs from, `url` where it answers."""

    webapps: Path
    url: str
    process: "subprocess.Popen[bytes]"

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of an answer."""
        try:
            with urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()


@contextmanager
def serve(directory: Path) -> Iterator[Tomcat]:
    """Start Tomcat without an application, and stop it by its process id."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    for name in ("conf", "logs", "temp", "webapps", "work"):
        (directory / name).mkdir(parents=True)
    (directory / "conf/server.xml").write_text(SERVER.format(port=port))
    (directory / "conf/web.xml").write_text(DEFAULTS)
    jars = [HOME / "bin/bootstrap.jar", HOME / "bin/tomcat-juli.jar"]
    with (directory / "logs/out").open("wb") as log:
        process = subprocess.Popen(
            [
                *ENDS_WITH_US,
                JAVA,
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                ":".join(map(str, jars)),
                f"-Dcatalina.home={HOME}",
                f"-Dcatalina.base={directory}",
                f"-Djava.io.tmpdir={directory}/temp",
                "org.apache.catalina.startup.Bootstrap",
                "start",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        )
    tomcat = Tomcat(webapps=directory / "webapps", url=f"http://127.0.0.1:{port}", process=process)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, (directory / "logs/out").read_text()
            try:
                tomcat.get("/")
                break
            except (URLError, OSError):
                assert time.monotonic() < deadline, (directory / "logs/out").read_text()
                time.sleep(0.1)
        yield tomcat
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def make_war(path: Path, page: str, *, web_xml: str = WEB_XML) -> None:
    """An application of one page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as war:
        war.writestr("index.html", page)
        war.writestr("WEB-INF/web.xml", web_xml)
