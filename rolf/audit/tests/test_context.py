"""Log records name their request and their push."""

import json
import logging

from django.test import RequestFactory, SimpleTestCase, TestCase
from django.urls import resolve

from audit import context
from audit.log_fields import ContextFilter, ReadableFormatter
from audit.middleware import request_context
from main.tests.cast import Cast
from rolf.log import JsonFormatter


def made(message="odd", **extra):
    """Return a record that has passed the filter."""
    record = logging.getLogger("rolf.x").makeRecord(
        "rolf.x", logging.WARNING, "", 0, message, (), None, extra=extra
    )
    ContextFilter().filter(record)
    return record


class Records(SimpleTestCase):
    """The fields of a record."""

    def test_a_record_of_a_push_has_its_id_and_deployment(self):
        with context.working_on(push_id=7, deployment_id=3):
            line = json.loads(JsonFormatter("rolf").format(made()))
        self.assertEqual((line["push_id"], line["deployment_id"]), (7, 3))
        self.assertNotIn("push_id", json.loads(JsonFormatter("rolf").format(made())))

    def test_fields_of_the_record_itself_stay(self):
        with context.working_on(push_id=7):
            self.assertEqual(made(push_id=8).push_id, 8)

    def test_a_readable_line_ends_with_the_fields(self):
        formatter = ReadableFormatter("{levelname:<7} {name}: {message}", style="{")
        self.assertEqual(formatter.format(made()), "WARNING rolf.x: odd")
        with context.working_on(push_id=7, deployment_id=3):
            line = formatter.format(made())
        self.assertEqual(line, "WARNING rolf.x: odd (push_id=7 deployment_id=3)")

    def test_a_record_of_a_request_has_what_its_url_names(self):
        def view(request):
            request.resolver_match = resolve(request.path)
            records.append(made())
            return self.client_response()

        records = []
        for path, fields in [
            ("/deployments/3/pushes/7/", {"deployment_id": 3, "push": "7"}),
            ("/deployments/3/", {"deployment_id": 3}),
            ("/", {}),
        ]:
            with self.subTest(path):
                request_context(view)(RequestFactory().get(path))
                found = vars(records[-1])
                self.assertRegex(found["request_id"], "^[0-9a-f]{32}$")
                kept = {key: found[key] for key in ("deployment_id", "push") if key in found}
                self.assertEqual(kept, fields)
        self.assertEqual(context.fields(), {})

    def client_response(self):
        from django.http import HttpResponse

        return HttpResponse()


class Requests(TestCase):
    """The id of a request."""

    def test_each_response_has_its_id(self):
        first, second = self.client.get("/healthz"), self.client.get("/healthz")
        self.assertNotEqual(first["X-Request-ID"], second["X-Request-ID"])

    def test_an_id_of_the_proxy_is_kept_if_it_is_harmless(self):
        for given, kept in [
            ("abcdef12", True),
            ("a" * 65, False),
            ("short", False),
            ("with space", False),
            ("<script>1</script>", False),
        ]:
            with self.subTest(given):
                answer = self.client.get("/healthz", headers={"X-Request-ID": given})
                self.assertEqual(answer["X-Request-ID"] == given, kept)

    def test_a_refused_request_logs_its_id_and_deployment(self):
        cast = Cast()
        self.client.force_login(cast.people["view"])
        with self.assertLogs("django.request", "WARNING") as logs:
            answer = self.client.get(f"/deployments/{cast.other.pk}/")
        [record] = logs.records
        ContextFilter().filter(record)
        self.assertEqual(record.deployment_id, cast.other.pk)
        self.assertEqual(record.request_id, answer["X-Request-ID"])
