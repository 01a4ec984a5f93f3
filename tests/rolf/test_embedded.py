"""./manage.py rolf: all of Rolf in one process tree, and what becomes of it."""

import json
import os
import signal
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import apache
from tests.support.processes import processes_of, wait_until_gone
from tests.support.rolf_home import DATABASE, PATIENCE, Home, Running, environment, running, until
from tests.support.rolf_visitor import Visitor, ask, token_of

# A push that takes as long as it takes somebody to write a file.
WAITING = """
from accounts.models import User
from deployments.models import Application, Category, Deployment, Stage
from pushes import services
application = Application.objects.create(
    name="shop", category=Category.objects.create(name="sites"))
deployment = Deployment.objects.create(application=application, name="production")
Stage.objects.create(deployment=deployment, name="wait",
                     code="until [ -e {file} ]; do sleep 0.05; done")
services.queue_push(deployment, User.objects.get())
"""
STATES = """
from pushes.models import Push
print([push.state for push in Push.objects.all()])
"""


def test_the_first_start_makes_the_tables_and_says_what_lets_the_superuser_in(home: Home) -> None:
    (home.current / DATABASE).unlink()
    with running(home) as rolf:
        assert rolf.reported["address"] == rolf.address
        assert rolf.reported["data"] == str(home.directory / "shared/data")
        visitor = Visitor(rolf.address)
        status, url, _ = visitor.open("")
        assert (status, url.partition("?")[0]) == (200, rolf.address + "sign-in/")
        status, url, page = visitor.sign_in(rolf.reported["login"], rolf.reported["password"])
        assert (status, url) == (200, rolf.address), page
        assert rolf.reported["login"] in page


def test_a_second_start_keeps_superuser_and_sessions(home: Home) -> None:
    with running(home) as rolf:
        visitor = Visitor(rolf.address)
        visitor.sign_in(rolf.reported["login"], rolf.reported["password"])
    with running(home) as rolf:
        assert "password" not in rolf.reported
        visitor.address = rolf.address
        assert visitor.open("")[1] == rolf.address
    assert home.shell("from accounts.models import User; print(User.objects.count())") == "1"


def test_nobody_else_may_read_the_keys(home: Home) -> None:
    with running(home):
        assert (home.directory / "shared/data/secret_key").stat().st_mode & 0o777 == 0o600


def test_styles_come_without_being_collected_and_are_asked_for_again(home: Home) -> None:
    with running(home) as rolf:
        address = rolf.address + "static/main/site.css"
        status, headers, _ = ask(address)
        assert (status, headers["Content-Type"]) == (200, 'text/css; charset="utf-8"')
        assert headers["Cache-Control"] == "max-age=0, public"
        assert ask(address, If_None_Match=headers["ETag"])[0] == 304
        assert rolf.get("static/main/../../manage.py") == 404
        assert rolf.get("static/no/such.css") == 404


def test_the_content_security_policy_is_enforced(home: Home) -> None:
    with running(home) as rolf:
        _, headers, _ = ask(rolf.address + "sign-in/")
        assert "default-src 'self'" in headers["Content-Security-Policy"]


def test_a_port_that_is_taken_is_named_with_the_next_command(home: Home) -> None:
    with running(home) as rolf:
        port = rolf.address.rstrip("/").rpartition(":")[2]
        second = subprocess.run(
            ["./manage.py", "rolf", "--port", port],
            cwd=home.current,
            env=environment(),
            text=True,
            capture_output=True,
            check=False,
        )
    assert second.returncode == 2
    assert f"127.0.0.1 port {port}: Address already in use" in second.stderr
    assert f"./manage.py rolf --port {int(port) + 1}" in second.stderr


def test_the_tree_takes_less_memory_than_buildbot_s_master(home: Home) -> None:
    with running(home) as rolf:
        for _ in range(20):
            assert rolf.get("sign-in/") == 200
        assert rolf.memory < 120


@pytest.mark.parametrize("which", ["web", "worker"])
def test_a_child_that_dies_is_reported_of_and_comes_again(home: Home, which: str) -> None:
    with running(home) as rolf:
        dead = getattr(rolf, which)
        os.kill(dead, signal.SIGKILL)
        assert until(lambda: len(rolf.children) == 2 and dead not in rolf.children), rolf.printed
        assert rolf.get() == 200  # requests that came meanwhile wait; none is refused
        title = {"web": "web server", "worker": "worker"}[which]
        assert f"rolf: the {title} ended (SIGKILL); it restarts in 1 s" in rolf.printed


def test_kill_9_of_the_parent_leaves_nothing(home: Home) -> None:
    with running(home) as rolf:
        os.kill(rolf.process.pid, signal.SIGKILL)
        rolf.process.wait()
        wait_until_gone(rolf.process.pid, 5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_tree_and_says_so_to_nobody(home: Home, number: signal.Signals) -> None:
    with running(home) as rolf:
        printed = rolf.printed
        os.kill(rolf.process.pid, number)
        assert rolf.process.wait(PATIENCE) == 0
        assert processes_of(rolf.process.pid) == []
        assert rolf.printed == printed


def test_reported_to_end_it_answers_until_the_running_push_has_ended(
    home: Home, tmp_path: Path
) -> None:
    file = tmp_path / "go on"
    with running(home) as rolf:
        home.shell(WAITING.format(file=repr(str(file))))
        assert until(lambda: "running" in home.shell(STATES))
        os.kill(rolf.process.pid, signal.SIGTERM)
        time.sleep(1)
        assert rolf.get() == 200
        file.touch()
        assert rolf.process.wait(PATIENCE) == 0
        assert rolf.get() == 0
    assert home.shell(STATES) == "['succeeded']"


def test_reported_to_end_while_it_goes_over_to_a_release_it_lets_the_push_end(
    home: Home, rolf_project: Path, tmp_path: Path
) -> None:
    home.release("2", rolf_project)
    file = tmp_path / "go on"
    with running(home) as rolf:
        home.shell(WAITING.format(file=repr(str(file))))
        assert until(lambda: "running" in home.shell(STATES))
        home.switch("2")
        time.sleep(3)  # the worker has seen it by then, and takes nothing more
        os.kill(rolf.process.pid, signal.SIGTERM)
        time.sleep(1)
        file.touch()
        assert rolf.process.wait(PATIENCE) == 0
    assert home.shell(STATES) == "['succeeded']"


def test_a_second_signal_ends_the_running_push_as_well(home: Home, tmp_path: Path) -> None:
    with running(home) as rolf:
        home.shell(WAITING.format(file=repr(str(tmp_path / "never"))))
        assert until(lambda: "running" in home.shell(STATES))
        os.kill(rolf.process.pid, signal.SIGTERM)
        # Two signals in a row may count as one, so there may be a third.
        assert until(lambda: _ended_after_another_signal(rolf))
        assert rolf.process.wait(PATIENCE) == 0
    assert home.shell(STATES) == "['cancelled']"


def _ended_after_another_signal(rolf: Running) -> bool:
    with suppress(subprocess.TimeoutExpired):
        rolf.process.wait(0.5)
        return True
    rolf.process.send_signal(signal.SIGTERM)
    return False


def test_it_goes_over_to_the_release_that_is_current_and_refuses_no_request(
    home: Home, rolf_project: Path
) -> None:
    home.release("2", rolf_project)
    with running(home) as rolf:
        answers: Counter[int] = Counter()
        over = threading.Event()

        def visit() -> None:
            while not over.is_set():
                answers[rolf.get()] += 1

        visitor = threading.Thread(target=visit, daemon=True)
        visitor.start()
        try:
            home.switch("2")
            release = home.directory / "releases/2"
            assert until(lambda: Path(f"/proc/{rolf.process.pid}/cwd").readlink() == release)
            assert until(lambda: len(rolf.children) == 2)
            assert rolf.get() == 200
        finally:
            over.set()
            visitor.join()
        assert set(answers) == {200}, answers
        # All of it runs of that release, whatever is imported later.
        maps = Path(f"/proc/{rolf.worker}/maps").read_text()
        assert str(home.directory / "releases/2/ve") in maps
        assert str(home.directory / "releases/first") not in maps


def test_a_release_that_cannot_be_run_leaves_the_one_before_running(
    home: Home, rolf_project: Path
) -> None:
    broken = home.release("2", rolf_project) / "main/views.py"
    broken.unlink()  # the copy's name, not the file that both have
    broken.write_text("import nothing_of_that_name\n")
    with running(home) as rolf:
        home.switch("2")
        assert until(lambda: "cannot be run" in rolf.printed)
        assert "No module named 'nothing_of_that_name'" in rolf.printed
        assert until(lambda: len(rolf.children) == 2)
        assert rolf.get() == 200
        assert Path(f"/proc/{rolf.process.pid}/cwd").readlink() == home.directory / "releases/first"


def test_readyz_says_that_all_is_well(home: Home) -> None:
    with running(home) as rolf:
        assert json.loads(ask(rolf.address + "readyz")[2])["status"] == "ok"


def test_behind_a_proxy_that_ends_tls_cookies_are_secure_and_forms_are_taken(home: Home) -> None:
    (home.current / ".env").write_text("TLS_PROXY=true\n")
    by_https = {"Host": "rolf.example.org", "X_Forwarded_Proto": "https"}
    with running(home) as rolf:
        address = rolf.address + "sign-in/"
        _, headers, page = ask(address, **by_https)
        cookie = headers["Set-Cookie"]
        assert "; Secure" in cookie
        by_https["Cookie"] = cookie.partition(";")[0]
        form = {
            "username": rolf.reported["login"],
            "password": "wrong",
            "csrfmiddlewaretoken": token_of(page),
        }
        assert ask(address, form, Origin="https://rolf.example.org", **by_https)[0] == 422
        assert ask(address, form, Origin="http://evil.example", **by_https)[0] == 403


@pytest.mark.needs(apache.APACHE)
def test_behind_apache_events_come_as_they_happen(home: Home, tmp_path: Path) -> None:
    modules = [*apache.BARE, "authz_host", "setenvif", "headers", "proxy", "proxy_http"]
    with running(home) as rolf:
        visitor = Visitor(rolf.address)
        visitor.sign_in(rolf.reported["login"], rolf.reported["password"])
        signed_in = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.cookies)
        configuration = tmp_path / "asgi.conf"
        text = (home.current / "apache/asgi.conf").read_text()
        assert "http://127.0.0.1:8000/" in text
        configuration.write_text(text.replace("http://127.0.0.1:8000/", rolf.address))
        (tmp_path / "apache").mkdir()
        with apache.serve(tmp_path / "apache", configuration, modules=modules) as serving:
            asked = urllib.request.Request(
                f"http://{serving.address}/live/",
                headers={"Host": "rolf.example.org", "Cookie": signed_in},
            )
            # Were it held back, it would come with the stream's next sign of life, 5 s later.
            with urllib.request.urlopen(asked, timeout=4) as events:
                reported = (line for line in events if line.startswith(b"event: "))
                assert next(reported) == b"event: news\n"  # what there is
                home.shell(WAITING.format(file="'/'"))
                assert next(reported) == b"event: news\n"  # what happens
