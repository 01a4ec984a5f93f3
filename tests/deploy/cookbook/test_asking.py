"""Asking the site whether it is well, telling people, and clearing caches."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.support.recipe_runner import Push
from tests.support.web import Reply, Request, Web, serve


@pytest.fixture
def healthy() -> Iterator[Web]:
    with serve(lambda request: (200, "<h1>Fünf & Söhne</h1>")) as web:
        yield web


def test_a_healthy_site_passes_at_once(here: Push, healthy: Web) -> None:
    ran = here.run(
        "smoke-test", SMOKE_URL=f"{healthy.url}/healthz?a=b#c", SMOKE_TEXT="Fünf & Söhne"
    ).ok()
    assert ran.stdout.startswith(f"{healthy.url}/healthz?a=b#c answered in 0.")
    assert [request.path for request in healthy.requests] == ["/healthz?a=b"]
    assert f"Host: {healthy.requests[0].host}" == f"Host: {healthy.url[7:]}"


def test_a_site_that_is_still_starting_is_waited_for(here: Push) -> None:
    def reply(request: Request) -> Reply:
        return (503, "starting") if request.number < 4 else (200, "here")

    with serve(reply) as web:
        here.run("smoke-test", SMOKE_URL=web.url).ok()
        assert len(web.requests) == 4


def test_every_address_is_asked_under_the_sites_name_on_the_host_itself(
    here: Push, healthy: Web
) -> None:
    port = healthy.url.rpartition(":")[2]
    here.run(
        "smoke-test",
        SMOKE_URL=f"http://{{host}}:{port}/a http://{{host}}:{port}/b",
        REMOTE_HOST="deploy@127.0.0.1",
        SMOKE_HOST="shop.example",
    ).ok()
    assert [(request.path, request.host) for request in healthy.requests] == [
        ("/a", "shop.example"),
        ("/b", "shop.example"),
    ]


def test_a_site_that_stays_sick_fails_when_the_time_is_up(here: Push) -> None:
    with serve(lambda request: (500, "no")) as web:
        here.run(
            "smoke-test", SMOKE_URL=web.url, SMOKE_TIMEOUT="0.5", SMOKE_HOST="it's.example"
        ).failed(
            f"{web.url} answered 500; tried for 0.5 s",
            f"""curl -i -H 'Host: it'"'"'s.example' {web.url}""",
        )


def test_a_page_without_the_text_fails(here: Push, healthy: Web) -> None:
    here.run("smoke-test", SMOKE_URL=healthy.url, SMOKE_TIMEOUT="0", SMOKE_TEXT="Sechs").failed(
        "answered 200, without 'Sechs' on the page"
    )


def test_a_site_that_does_not_answer_fails(here: Push) -> None:
    here.run("smoke-test", SMOKE_URL="http://127.0.0.1:9/", SMOKE_TIMEOUT="0").failed(
        "http://127.0.0.1:9/ does not answer: "
    )
    here.run("smoke-test", SMOKE_URL="http://nowhere.invalid/", SMOKE_TIMEOUT="0").failed(
        "http://nowhere.invalid/ does not answer: "
    )


def test_an_answer_that_never_ends_is_not_waited_for(here: Push) -> None:
    def reply(request: Request) -> Reply:
        time.sleep(2)
        return 200, "late"

    with serve(reply) as web:
        here.run("smoke-test", SMOKE_URL=web.url, SMOKE_TIMEOUT="0.6").failed("timed out")


def test_a_redirect_within_the_site_is_followed(here: Push) -> None:
    def reply(request: Request) -> Reply:
        places = {"/": "/en/", "/en/": f"http://shop.example{'/en/home'}"}
        place = places.get(request.path)
        return (302, "", place) if place else (200, "home")

    with serve(reply) as web:
        here.run("smoke-test", SMOKE_URL=web.url, SMOKE_HOST="shop.example", SMOKE_TEXT="home").ok()
        assert [request.path for request in web.requests] == ["/", "/en/", "/en/home"]


def test_a_redirect_to_another_site_is_not_followed(here: Push, healthy: Web) -> None:
    with serve(lambda request: (302, "", f"{healthy.url}/login")) as web:
        here.run("smoke-test", SMOKE_URL=web.url, SMOKE_TIMEOUT="0").failed(
            f"answered 302, a redirect to {healthy.url}/login"
        )
        here.run("smoke-test", SMOKE_URL=web.url, SMOKE_STATUS="200 302").ok()
    assert healthy.requests == []


def test_redirects_in_a_circle_end(here: Push) -> None:
    with serve(lambda request: (302, "", "/")) as web:
        here.run("smoke-test", SMOKE_URL=web.url, SMOKE_TIMEOUT="0").failed("answered 302")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"SMOKE_URL": "www.example.org"}, "'www.example.org' does not begin with http"),
        ({"SMOKE_URL": "file:///etc/passwd"}, "does not begin with http"),
        ({"SMOKE_URL": "http://x/", "SMOKE_TIMEOUT": "1m"}, "not a number"),
        ({"SMOKE_URL": "http://x/", "SMOKE_STATUS": "ok"}, "not a number"),
    ],
)
def test_a_setting_that_makes_no_sense_is_reported_at_once(
    here: Push, settings: dict[str, str], words: str
) -> None:
    here.run("smoke-test", **settings).failed(words, "deploy/deployments.toml")


def test_a_webhook_is_reported_and_its_address_shown_nowhere(here: Push, healthy: Web) -> None:
    ran = here.run(
        "notify",
        NOTIFY_URL=f"{healthy.url}/hooks/s3cret",
        PUSH_COMMIT="abc",
        PUSH_COMMENT='new "front" page, für alle',
    ).ok()
    (request,) = healthy.requests
    assert (request.method, request.path) == ("POST", "/hooks/s3cret")
    printed = json.loads(request.body)
    assert printed["text"] == 'production: anna pushed main (push 1): new "front" page, für alle'
    assert (printed["commit"], printed["push"], printed["user"]) == ("abc", "1", "anna")
    assert "s3cret" not in ran.stdout + ran.stderr


def test_a_rollback_is_reported_as_one(here: Push, healthy: Web) -> None:
    here.run("notify", NOTIFY_URL=healthy.url, ROLF_PUSH_ID="3", PUSH_COMMENT="").ok()
    here.run("notify", NOTIFY_URL=healthy.url, ROLLBACK_URL="push-production-0").ok()
    fast, full = (json.loads(request.body)["text"] for request in healthy.requests)
    assert fast == "production: anna went back to release 1 (push 3)"
    assert full.startswith("production: anna went back to push-production-0 (push 1): ")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9/s3cret", "does not answer"),
        ("http://s3cret.invalid/", "does not answer"),
        ("s3cret", "is not the address of a webhook"),
        ("http://[s3cret", "is not the address of a webhook"),
    ],
)
def test_nobody_reported_fails_the_push_only_where_that_is_wanted(
    here: Push, url: str, words: str
) -> None:
    ran = here.run("notify", NOTIFY_URL=url).ok()
    assert f"NOTIFY_URL: {words}, so nobody is notified\n  next: " in ran.stdout
    required = here.run("notify", NOTIFY_URL=url, NOTIFY_REQUIRED="1").failed(words)
    assert "s3cret" not in ran.stdout + ran.stderr + required.stdout + required.stderr


def test_a_webhook_that_refuses_is_reported_by_its_status(here: Push) -> None:
    with serve(lambda request: (404, "no such hook s3cret")) as web:
        ran = here.run("notify", NOTIFY_URL=f"{web.url}/s3cret", NOTIFY_REQUIRED="1").failed(
            "NOTIFY_URL: answered 404"
        )
    assert "s3cret" not in ran.stdout + ran.stderr


def test_each_address_is_purged(here: Push, healthy: Web) -> None:
    ran = here.run("purge-cache", PURGE_URLS=f"{healthy.url} {healthy.url}/a?b=c").ok()
    assert [(request.method, request.path) for request in healthy.requests] == [
        ("PURGE", "/"),
        ("PURGE", "/a?b=c"),
    ]
    assert ran.stdout == f"purged {healthy.url}\npurged {healthy.url}/a?b=c\n"


def test_a_command_may_clear_the_cache_on_the_host(anywhere: Push) -> None:
    cache = anywhere.target / "cache"
    cache.touch()
    quoted = f"'{str(cache).replace(chr(39), chr(39) + chr(92) + chr(39) + chr(39))}'"
    anywhere.run("purge-cache", PURGE_COMMAND=f"rm {quoted}").ok()
    assert not cache.exists()
    anywhere.run("purge-cache", PURGE_COMMAND=f"rm {quoted}").failed("PURGE_COMMAND failed")


def test_a_cache_that_refuses_is_reported(here: Push) -> None:
    here.run("purge-cache").failed("neither is set")
    here.run("purge-cache", PURGE_URLS="cache").failed(
        "cache: the address does not begin with http"
    )
    with serve(lambda request: (405 if request.path == "/" else 404, "")) as web:
        here.run("purge-cache", PURGE_URLS=f"{web.url}/unknown").ok()
        here.run("purge-cache", PURGE_URLS=web.url).failed("the cache answered 405 to PURGE")
