"""No form, URL or body of an API request leads to a response 500."""

import re
from html import unescape

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished
from django.db import close_old_connections, transaction
from django.test import Client, TestCase

from api.tests.caller import made

from .cast import Cast
from .url_table import rows

DIGITS = "9" * 5000
ODD = ["\0", "\ud800", DIGITS, "9" * 19, "-1", "NaN", "²", "[" * 5000, f"{DIGITS}%", f"{DIGITS}h"]
FIELD = re.compile(r'<(?:input|select|textarea|button)\b[^>]*\bname="([^"]+)"')


def sent(text):
    """Return a text as a browser or a script can send it, with lone surrogates."""
    return text.encode("utf-8", "surrogatepass")


class Case(TestCase):
    """The cast, and requests of a superuser."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()

    def setUp(self):
        self.client = Client(raise_request_exception=False)
        self.client.force_login(self.cast.people["superuser"])
        self.failed = []

    def ask(self, *what, **more):
        """Send a request, undo its changes, and collect responses 500."""
        with transaction.atomic():
            answer = self.client.generic(*what, **more)
            # The end of a request would close the connection, and with it the test's transaction.
            request_finished.disconnect(close_old_connections)
            answer.close()
            request_finished.connect(close_old_connections)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            self.failed.append(
                (
                    what[0],
                    what[1][:60],
                    what[2][:120] if len(what) > 2 else "",
                    repr(answer.exc_info[1])[:200] if answer.exc_info else "",
                )
            )
        return answer

    def tearDown(self):
        self.assertEqual(self.failed, [])


def encoded(fields):
    """Return fields as a form sends them."""
    return b"&".join(b"%s=%s" % (_quoted(name), _quoted(value)) for name, value in fields.items())


def _quoted(text):
    return b"".join(b"%%%02X" % byte for byte in sent(text))


class Pages(Case):
    """Forms and URLs."""

    def test_odd_fields_end_in_no_500(self):
        for row in rows():
            if not row.declared or "POST" not in row.allowed:
                continue
            address = row.address(self.cast, self.cast.mine)
            page = self.client.get(address) if "GET" in row.allowed else None
            names = set()
            others = ("by", "order", "enabled", "ref", "rollback", "decision", "stage", "seen")
            begin = {}
            if page is not None and page.status_code == 200 and not page.streaming:
                names |= {unescape(name) for name in FIELD.findall(page.content.decode())}
                form = page.context and page.context.get("form")
                if form:
                    begin = {
                        field.html_name: str(field.value() or "")
                        for field in form
                        if not isinstance(field.value(), list)
                    }
            names -= {"csrfmiddlewaretoken", "q"}
            for value in ODD:
                self.ask(
                    "POST",
                    address,
                    encoded(dict.fromkeys(others, value)),
                    content_type="application/x-www-form-urlencoded",
                )
                for name in sorted(names):
                    self.ask(
                        "POST",
                        address,
                        encoded({**begin, name: value}),
                        content_type="application/x-www-form-urlencoded",
                    )

    def test_odd_queries_end_in_no_500(self):
        names = {
            "page",
            "line",
            "q",
            "before",
            "category",
            "first",
            "count",
            "from",
            "back",
            "ref",
            "cursor",
            "of",
            "recipe",
            "against",
            "next",
            "to",
            "commit",
            "seen",
        }
        for row in rows():
            if not row.declared or "GET" not in row.allowed:
                continue
            address = row.address(self.cast, self.cast.mine)
            for value in ODD:
                query = encoded(dict.fromkeys(sorted(names), value)).decode()
                self.ask("GET", f"{address}?{query}"[:60_000])

    def test_odd_numbers_in_addresses_end_in_no_500(self):
        for row in rows():
            if not row.declared or not row.parameters:
                continue
            for number in ("9" * 19, DIGITS):
                address = row.address(self.cast, self.cast.mine)
                for there in set(re.findall(r"(?<=/)\d+(?=/)", address)):
                    for method in sorted(row.allowed - {"HEAD"}):
                        self.ask(method, address.replace(f"/{there}/", f"/{number}/"))


class Files(Case):
    """The content of a new deployment."""

    def test_odd_files_end_in_no_500(self):
        toml = '[deployments.production]\nstages = ["greet"]\n'
        texts = [
            "\ufeff" + toml,
            toml.replace("\n", "\r"),
            toml + f"timeout = {DIGITS}\n",
            toml + "timeout = 9999-99-99\n",
            toml + "timeout = 2026-11-28\n",
            toml + "timeout = 1e999\n",
            toml + "timeout = inf\n",
            toml + "timeout = nan\n",
            toml + "timeout = -1\n",
            toml + f'timeout = "{DIGITS}h"\n',
            toml + f'batch = "{DIGITS}%"\n',
            toml + f"batch = {'9' * 19}\n",
            toml + f"max_failures = {'9' * 19}\n",
            toml + "max_failures = 0x" + "f" * 40 + "\n",
            toml + "max_failures = 0x" + "f" * 5000 + "\n",
            toml + "x = " + "[" * 5000,
            toml + "x = " + "{a=" * 5000,
            toml + ".".join("a" * 5000) + " = 1\n",
            "[" + ".".join("a" * 5000) + "]\n",
            toml + '[deployments.production.settings]\nA = "\\u0000"\n',
            toml + '[deployments.production.settings]\nA = "\\ud800"\n',
            toml + f"[deployments.production.settings]\nA = {'9' * 4000}\n",
            toml + f"[deployments.production.settings]\nA = {DIGITS}\n",
            toml + "[deployments.production.settings]\nA = 00:00:00.1\n",
            toml + "[deployments.production.settings]\nA = 2026-11-28T00:00:00+99:99\n",
            toml + "[deployments.production.settings]\nREMOTE_HOSTS = [1, [2]]\n",
            toml + "[deployments.production.flags]\nA = " + DIGITS + "\n",
            toml.replace("greet", "\\u0000"),
            toml.replace("greet", "a" * 10_000),
            toml.replace('"greet"', DIGITS),
            toml.replace('"greet"', "{recipe = 1}"),
            toml.replace('"greet"', '{recipe = "greet", timeout = ' + DIGITS + "}"),
            toml.replace('"greet"', '{recipe = "greet", timeout = 1e308}'),
            toml.replace("production", '"\\u0000"'),
            "\0",
            "\ud800",
            "",
        ]
        files = [sent(text) for text in texts]
        files += [
            toml.encode("utf-16"),
            toml.encode("utf-16-le"),
            toml.encode("utf-32"),
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\x1f\x8b",
            b"\x1f\x8b" + b"\0" * 100,
        ]
        new = "/deployments/new/"
        for data in files:
            for fields in (
                {"files": SimpleUploadedFile("deployments.toml", data)},
                {"definition": data.decode("utf-8", "replace")},
            ):
                with self.subTest(data[:80]), transaction.atomic():
                    answer = self.client.post(
                        new,
                        {"application": self.cast.application.pk, "name": "production", **fields},
                    )
                    self.assertIn(
                        answer.status_code,
                        (200, 302, 400, 422),
                        answer.exc_info and repr(answer.exc_info[1]),
                    )
                    transaction.set_rollback(True)

    def test_a_byte_order_mark_is_accepted(self):
        toml = '\ufeff[deployments.production]\nstages = ["greet"]\n'
        for name, fields in (
            ("a", {"files": SimpleUploadedFile("a.toml", toml.encode())}),
            ("b", {"definition": toml}),
        ):
            answer = self.client.post(
                "/deployments/new/",
                {"application": self.cast.application.pk, "name": name, **fields},
            )
            self.assertEqual(answer.status_code, 302, answer.content.decode()[-2000:])
            made_here = self.cast.application.deployments.get(name=name)
            self.assertEqual([stage.name for stage in made_here.stages.all()], ["greet"])


class Api(Case):
    """Bodies and queries of the API."""

    def test_odd_requests_end_in_no_500(self):
        token = made(self.cast.people["superuser"])[1]
        headers = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
        mine = self.cast.mine
        push = mine.pushes.first().pk
        base = f"/api/deployments/{mine.pk}"
        places = [
            f"{base}/pushes",
            f"{base}/rollback",
            f"{base}/pushes/{push}/cancel",
            f"{base}/pushes/{push}/resume",
            f"{base}/pushes/{push}/decide",
        ]
        raw = [
            "",
            "\ufeff{}",
            "[" * 100_000,
            '{"a":' * 100_000,
            DIGITS,
            "NaN",
            '{"to": NaN}',
            '{"to": Infinity}',
            '{"to": 1e999}',
            f'{{"to": {DIGITS}}}',
            '{"to": ' + "9" * 19 + "}",
            '{"to": -' + "9" * 30 + "}",
            '{"ref": "\\ud800"}',
            '{"comment": "\\ud800"}',
            '{"ref": "\\u0000"}',
            '{"comment": "\\u0000"}',
            '{"skip": ["\\u0000"]}',
            '{"skip": ["\\ud800"]}',
            '{"flags": {"SHOUT": "\\ud800"}}',
            '{"flags": {"\\ud800": "1"}}',
            '{"flags": {"SHOUT": "\\u0000"}}',
            '{"flags": {"\\u0000": true}}',
            '{"decision": "run", "stage": "\\ud800"}',
            '{"decision": "run", "stage": "\\u0000"}',
            '{"decision": "\\ud800"}',
            '{"\\ud800": 1}',
            '{"step": ' + DIGITS + "}",
            "null",
            "[]",
            '"\\ud800"',
            "{",
            "\0",
        ]
        bodies = [sent(text) for text in raw]
        bodies += [
            "{}".encode("utf-16"),
            "{}".encode("utf-32"),
            b"\xff",
            b'{"ref": "\xff"}',
            b'{"ref": "\xed\xa0\x80"}',
        ]
        for place in places:
            for body in bodies:
                for kind in ("application/json", "application/json; charset=no-such"):
                    self.ask("POST", place, body, content_type=kind, **headers)
        for place in (
            "/api/deployments",
            f"{base}/pushes",
            f"{base}/pushes/{push}",
            base,
            f"{base}/pushes/{push}/log",
            f"{base}/pushes/{push}/events",
        ):
            for value in ODD:
                for name in ("before", "limit", "offset", "state", "wait", "version"):
                    self.ask(
                        "GET", f"{place}?{encoded({name: value}).decode()}"[:60_000], **headers
                    )
        for number in ("9" * 19, DIGITS):
            for place in places:
                for old in (mine.pk, push):
                    for method in ("GET", "POST"):
                        self.ask(
                            method,
                            place.replace(f"/{old}", f"/{number}"),
                            b"{}",
                            content_type="application/json",
                            **headers,
                        )
