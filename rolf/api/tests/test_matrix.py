"""Every operation of the API x every user x every token, built from the schema."""

import json
import re
from datetime import timedelta
from unittest import mock

from django.contrib.auth import get_user_model
from django.test import Client, TestCase
from django.urls import get_resolver
from django.utils import timezone

from api.models import Token
from api.operation import METHODS
from deployments.models import Level
from main.tests.cast import LEVELS, PEOPLE, Cast
from main.tests.test_matrix import undone, writes

NAMES = {"view": Level.VIEW, "push": Level.PUSH}
# What each token is, and what it lets its person do at most: a level, or the status it gets.
TOKENS = {
    "view": ({"level": Level.VIEW, "all_deployments": True}, Level.VIEW),
    "push": ({"level": Level.PUSH, "all_deployments": True}, Level.PUSH),
    "chosen": ({"level": Level.PUSH, "chosen": "mine"}, Level.PUSH),
    "chosen others": ({"level": Level.PUSH, "chosen": "other"}, 404),
    "expired": ({"level": Level.PUSH, "all_deployments": True, "expires": -1}, 401),
    "not expired yet": ({"level": Level.PUSH, "all_deployments": True, "expires": 1}, Level.PUSH),
    "revoked": ({"level": Level.PUSH, "all_deployments": True, "revoked": True}, 401),
}


class Operation:
    """An operation of the schema."""

    def __init__(self, schema, path, method, declared):
        """Take the parts that a client reads."""
        self.path, self.method, self.declared = path, method.upper(), declared
        self.level = NAMES.get(declared.get("x-needs"))
        self._schemas = schema["components"]["schemas"]

    def __str__(self):
        return f"{self.method} {self.path}"

    @property
    def body(self):
        """The smallest valid body."""
        if "requestBody" not in self.declared:
            return {}
        [content] = self.declared["requestBody"]["content"].values()
        reference = content["schema"].get("$ref") or content["schema"]["allOf"][0]["$ref"]
        taken = self._schemas[reference.rsplit("/", 1)[1]]
        return {name: taken["properties"][name]["enum"][0] for name in taken.get("required", [])}

    def address(self, cast, deployment, *, elsewhere=None):
        """Return its URL for an object of the deployment, or of the other one (`elsewhere`)."""
        return self.path.format(
            **{
                parameter["name"]: cast.value(
                    parameter["name"],
                    deployment if parameter["name"] == "deployment_id" else elsewhere or deployment,
                )
                for parameter in self.declared["parameters"]
                if parameter["in"] == "path"
            }
        )


class Matrix(TestCase):
    """All operations of the schema."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()
        cls.texts = {}
        for person in PEOPLE[1:]:
            for kind, (made_of, _most) in TOKENS.items():
                cls.texts[person, kind] = cls.token(cls.cast.people[person], kind, **made_of)
        schema = Client().get("/api/openapi.json").json()
        cls.operations = [
            Operation(schema, path, method, declared)
            for path, methods in schema["paths"].items()
            for method, declared in methods.items()
        ]
        assert {"GET", "POST"} <= {one.method for one in cls.operations}, "nothing to test"

    @classmethod
    def token(cls, user, name, *, chosen=None, expires=None, revoked=False, **more):
        now = timezone.now()
        token = Token(
            user=user,
            name=name,
            revoked=now if revoked else None,
            expires=now + timedelta(hours=expires) if expires else None,
            **more,
        )
        text = token.generate()
        token.save()
        if chosen:
            token.chosen.set([getattr(cls.cast, chosen)])
        return text

    def ask(self, operation, address, text=None, method=None):
        headers = {"Authorization": f"Bearer {text}"} if text else {}
        return Client().generic(
            method or operation.method,
            address,
            headers=headers,
            data=_json(operation.body),
            content_type="application/json",
        )

    def expected(self, operation, person, kind):
        most = TOKENS[kind][1]
        if most == 401:
            return 401
        if "deployment_id" not in operation.path:
            return "ok"
        if person not in LEVELS or most == 404:
            # Permission to see the other deployment is no permission to see this one.
            return 404
        return "ok" if min(LEVELS[person], most) >= operation.level else 403

    def test_the_schema_is_made_once(self):
        first = Client().get("/api/openapi.json").content
        with mock.patch("ninja.main.get_schema", side_effect=AssertionError):
            self.assertEqual(Client().get("/api/openapi.json").content, first)

    def test_each_answers_as_it_declares(self):
        for person in PEOPLE[1:]:
            for kind in TOKENS:
                for operation in self.operations:
                    with self.subTest(str(operation), person=person, token=kind), undone():
                        address = operation.address(self.cast, self.cast.mine)
                        status = self.ask(operation, address, self.texts[person, kind]).status_code
                        outcome = status if status in (401, 403, 404, 405) else "ok"
                        self.assertLess(status, 500)
                        self.assertEqual(outcome, self.expected(operation, person, kind))

    def test_nobody_gets_anything_without_a_token(self):
        for operation in self.operations:
            address = operation.address(self.cast, self.cast.mine)
            for text in (None, "", "rolf_", "rolf_" + "x" * 43):
                with self.subTest(str(operation), token=text):
                    self.assertEqual(self.ask(operation, address, text).status_code, 401)

    def test_a_session_is_no_token(self):
        client = Client()
        client.force_login(self.cast.people["superuser"])
        for operation in self.operations:
            with self.subTest(str(operation)):
                address = operation.address(self.cast, self.cast.mine)
                self.assertEqual(client.generic(operation.method, address).status_code, 401)

    def test_of_who_was_deactivated_no_token_opens_anything(self):
        get_user_model().objects.update(is_active=False)
        for operation in self.operations:
            with self.subTest(str(operation)):
                address = operation.address(self.cast, self.cast.mine)
                status = self.ask(operation, address, self.texts["superuser", "push"]).status_code
                self.assertEqual(status, 401)

    def test_what_only_reads_changes_nothing_but_when_the_token_was_used(self):
        Token.objects.update(used=None)
        for operation in self.operations:
            if operation.method == "GET":
                address = operation.address(self.cast, self.cast.mine)
                with self.subTest(str(operation)), undone(), writes() as found:
                    self.ask(operation, address, self.texts["edit", "push"])
                    changes = [sql.partition(" WHERE ")[0] for sql in found]
                    self.assertEqual(
                        [sql for sql in changes if '"audit_' not in sql],
                        ['UPDATE "api_token" SET "used" = %s'],
                    )

    def test_what_belongs_to_another_deployment_is_not_below_mine(self):
        text = self.texts["superuser", "push"]
        nested = [operation for operation in self.operations if "push_id" in operation.path]
        self.assertTrue(nested)
        for operation in nested:
            with self.subTest(str(operation)), undone():
                address = operation.address(self.cast, self.cast.mine, elsewhere=self.cast.other)
                self.assertEqual(self.ask(operation, address, text).status_code, 404)

    def test_every_operation_says_what_it_needs(self):
        silent = [str(one) for one in self.operations if one.level is None]
        self.assertEqual(silent, [])

    def test_what_changes_something_needs_push(self):
        loose = [
            str(one) for one in self.operations if one.method != "GET" and one.level < Level.PUSH
        ]
        self.assertEqual(loose, [])

    def test_every_address_is_in_the_schema(self):
        _, patterns = get_resolver().namespace_dict["operations"]
        addressed = {_plain(str(pattern.pattern)) for pattern in patterns.url_patterns}
        described = {operation.path.removeprefix("/api/") for operation in self.operations}
        self.assertEqual(addressed - described, {"", "openapi.json"})

    def test_other_methods_are_refused(self):
        text = self.texts["superuser", "push"]
        for path in {operation.path for operation in self.operations}:
            here = [operation for operation in self.operations if operation.path == path]
            address = here[0].address(self.cast, self.cast.mine)
            for method in METHODS - {operation.method for operation in here}:
                with self.subTest(path, method=method), undone():
                    answer = self.ask(here[0], address, text, method)
                    self.assertEqual(answer.status_code, 405)


def _json(body):
    return json.dumps(body) if body else ""


def _plain(pattern):
    """Return the pattern as the schema writes it: {name}."""
    return re.sub(r"<\w+:(\w+)>", r"{\1}", pattern)
