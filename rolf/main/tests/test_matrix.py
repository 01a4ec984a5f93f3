"""Every address x every method x everybody: what happens is what each view declares.

The table comes from Django's resolver, so a new view is in it, whatever its author forgot.
"""

import re
from contextlib import contextmanager

from django.apps import apps
from django.core.signals import request_finished
from django.db import close_old_connections, connection, transaction
from django.http import HttpResponse
from django.test import Client, SimpleTestCase, TestCase
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from accounts.decorators import login_required
from deployments.models import Level

from .cast import LEVELS, PEOPLE, Cast
from .url_table import METHODS, SAFE, rows, undeclared

# What declares nothing, and why.
EXEMPT = {
    "accounts:login": "who has to sign in has no permission yet",
    "accounts:logout": "it ends only the session of the request",
    "main:healthz": "for monitoring: it answers if the process lives",
    "main:readyz": "for monitoring: it says ok or not, and names nothing",
    "main:metrics": "for monitoring: off, or with a token or from an address (test_metrics)",
    "admin:": "Django's own, for those whom it calls staff",
    "operations:": "shows tokens, not sessions: api/tests/test_matrix.py",
    "no-operation": "the API's way of saying that there is nothing",
}
# What everybody who has signed in may send, and what it can reach.
FOR_ALL = {
    "people:account-password": "one's own password",
    "people:session-end": "a session of one's own; superusers anybody's",
    "people:sessions-end": "one's own other sessions",
    "deployments:new": "nothing that is there; it asks for a permission of its own",
    "cookbook:recipe-delete": "a recipe all of whose users one may edit (CLOSER)",
    "cookbook:recipe-edit": "a recipe all of whose users one may edit (CLOSER)",
    "cookbook:recipe-new": "a name all of whose users one may edit (CLOSER)",
    "api:token-new": "a token of one's own, of deployments that one sees",
    "api:token-revoke": "a token of one's own; superusers anybody's",
}
if apps.is_installed("login.second_factor"):
    FOR_ALL |= {
        "second_factor:app-new": "one's own second factor",
        "second_factor:app-remove": "one's own second factor",
        "second_factor:passkey-new": "one's own second factor",
        "second_factor:passkey-remove": "one's own second factor",
        "second_factor:recovery-codes": "one's own second factor",
        "second_factor:verify": "one's own second factor or password",
        "second_factor:verify-passkey": "one's own second factor",
    }
NOT_ATOMIC = {"pushes:push-new"}  # a worker reads the repository meanwhile
# Reading a log writes an audit event, and nothing else.
AUDITED = {f"pushes:{name}" for name in ("push", "log", "lines", "search", "news", "follow")} | {
    "deployments:export",
    "history:audit",
}
FILES = {"robots.txt", "favicon.ico"}  # public, and known before anybody signs in

# Names that no page has by chance, and whose they aren't to see.
UNMISTAKABLE = "zwölfkilopampelmusen"
UNSEEN = {
    person: {f"{name}-{UNMISTAKABLE}" for name in names}
    for person, names in {
        "anonymous": ["shop", "mine", "other"],
        "no permission": ["shop", "mine", "other"],
        "view": ["other"],
        "push": ["other"],
        "edit": ["other"],
        "edit elsewhere": ["mine"],
    }.items()
}

# Who else is refused by views for everybody who has signed in, which look closer themselves.
CLOSER = {
    "cookbook:recipe-new": {"edit": "ok", "edit elsewhere": "ok", "superuser": "ok", None: 403},
    "cookbook:recipe-edit": {"superuser": "ok", None: 403},  # both deployments use it
    "cookbook:recipe-delete": {"superuser": "ok", None: 403},
    "deployments:new": {"superuser": "ok", None: 403},  # who has Django's permission to add one
    "second_factor:passkey-remove": {
        "edit": "ok",
        None: 404,
    },  # the passkey belongs to the user `edit`
    "people:session-end": {None: 404},  # of a session that does not exist
    "api:token-revoke": {
        "edit": "ok",
        "superuser": "ok",
        None: 404,
    },  # the token belongs to the user `edit`
}


def made_up(request):
    """Return a page without a permission check, which the test must find."""
    return HttpResponse("secret")


@require_safe
@login_required
def made_up_page(request):
    """Say what it needs."""
    return HttpResponse("fine")


class made_up_urls:  # noqa: N801 - a urlconf is a module
    """URLs of which one has no permission decorator."""

    urlpatterns = [
        path("forgotten/", made_up, name="forgotten"),
        path("fine/", made_up_page, name="fine"),
    ]


@contextmanager
def undone():
    """Undo all changes of the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def writes():
    """Yield the list of statements in the body that change the database."""
    found = []

    def look(execute, sql, parameters, many, context):
        if sql.split(maxsplit=1)[0].upper() not in ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK"):
            found.append(sql)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(look):
        yield found


def expected(row, method, person):
    """Return the result that the row's view must have: a status, "login" or "ok"."""
    if method not in row.allowed:
        return 405
    if person == "anonymous":
        return "login"
    if row.name in CLOSER:
        return CLOSER[row.name].get(person, CLOSER[row.name][None])
    if row.permission is None:
        return "ok"
    if row.permission == "superuser":
        return "ok" if person == "superuser" else 403
    if person not in LEVELS:
        return 404
    return "ok" if LEVELS[person] >= row.permission else 403


def answered(response):
    """Return the result of a response, as `expected` has it."""
    status = response.status_code
    if status == 302 and response["Location"].startswith(reverse("accounts:login")):
        return "login"
    if status >= 500:
        return f"{status}: {response.exc_info[1]!r}" if response.exc_info else status
    return status if status in (403, 404, 405) else "ok"


def named(response):
    """Return the unmistakable names that a response contains."""
    body = "" if response.streaming else response.content.decode()
    return set(re.findall(rf"\w+-{UNMISTAKABLE}", body))


class Declared(SimpleTestCase):
    """Every view declares its permission."""

    def test_every_view_says_who_may_see_it(self):
        found = [row for row in undeclared(rows(), EXEMPT) if row.route not in FILES]
        self.assertEqual(
            [str(row) for row in found],
            [],
            "decorate them: accounts/decorators.py, deployments/access.py",
        )

    def test_a_view_that_forgets_to_say_so_is_found(self):
        [found] = undeclared(rows(made_up_urls), EXEMPT)
        self.assertEqual(found.name, "forgotten")

    def test_a_view_that_says_so_has_a_name(self):
        nameless = [str(row) for row in rows() if row.declared and not row.name]
        self.assertEqual(nameless, [])

    def test_whatever_lies_below_a_deployment_needs_a_level_on_it(self):
        loose = [
            str(row)
            for row in rows()
            if "deployment_id" in row.parameters
            and row.declared
            and not isinstance(row.permission, Level)
            and row.permission != "superuser"
        ]
        self.assertEqual(loose, [])

    def test_what_needs_less_than_push_changes_nothing(self):
        # With the level view, a user cannot change anything of a deployment.
        loose = [
            str(row)
            for row in rows()
            if row.declared and row.permission == Level.VIEW and row.allowed - SAFE
        ]
        self.assertEqual(loose, [])

    def test_what_everybody_may_send_is_known_and_says_why(self):
        found = {
            row.name
            for row in rows()
            if row.declared and row.permission is None and row.allowed - SAFE
        }
        self.assertEqual(found, set(FOR_ALL))

    def test_whatever_changes_something_is_one_transaction(self):
        found = {
            row.name
            for row in rows()
            if row.declared and row.allowed - SAFE and not getattr(row.view, "atomic", False)
        }
        self.assertEqual(found, NOT_ATOMIC)

    def test_every_exception_exists(self):
        table = rows()
        for name in EXEMPT:
            with self.subTest(name):
                self.assertTrue(any(row.name.startswith(name) for row in table))


class Matrix(TestCase):
    """All URLs of the table."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()
        for deployment in (cls.cast.mine, cls.cast.other):
            deployment.name = f"{deployment.name}-{UNMISTAKABLE}"
            deployment.save()
        cls.cast.application.name = f"shop-{UNMISTAKABLE}"
        cls.cast.application.save()

    def setUp(self):
        self.table = [row for row in rows() if row.declared]

    def client_of(self, person, **more):
        client = Client(raise_request_exception=False, **more)
        if account := self.cast.people[person]:
            client.force_login(account)
        return client

    def ask(self, client, method, address, **more):
        # A view says what it has to say before it streams; nobody waits for the rest here. The
        # end of a request would close the connection, and with it end the test's transaction.
        response = client.generic(method, address, **more)
        request_finished.disconnect(close_old_connections)
        response.close()
        request_finished.connect(close_old_connections)
        return response

    def test_each_answers_as_it_declares(self):
        for person in PEOPLE:
            client = self.client_of(person)
            for row in self.table:
                address = row.address(self.cast, self.cast.mine)
                for method in METHODS:
                    with self.subTest(view=str(row), method=method, person=person), undone():
                        response = self.ask(client, method, address)
                        self.assertEqual(answered(response), expected(row, method, person))
                        self.assertEqual(named(response) & UNSEEN.get(person, set()), set())
                        policy = response["Content-Security-Policy"]
                        self.assertIn("default-src 'self'", policy)
                        self.assertNotIn("unsafe", policy)

    def test_what_looks_for_names_finds_them(self):
        page = self.ask(self.client_of("view"), "GET", reverse("main:index"))
        self.assertEqual(named(page), {f"{name}-{UNMISTAKABLE}" for name in ("shop", "mine")})

    def test_what_is_safe_changes_nothing(self):
        for person in PEOPLE:
            client = self.client_of(person)
            for row in self.table:
                address = row.address(self.cast, self.cast.mine)
                for method in sorted(SAFE):
                    with self.subTest(view=str(row), method=method, person=person), undone():
                        with writes() as found, self.captureOnCommitCallbacks(execute=True):
                            self.ask(client, method, address)
                        if row.name in AUDITED:
                            found = [sql for sql in found if '"audit_' not in sql]
                        self.assertEqual(found, [])

    def test_the_admin_lets_in_nobody_but_staff(self):
        inside = [
            row
            for row in rows()
            if row.name.startswith("admin:")
            and not row.parameters
            and "(?P" not in row.route
            and row.name != "admin:login"
        ]
        self.assertTrue(inside)
        for person in PEOPLE:
            if person != "superuser":
                client = self.client_of(person)
                for row in inside:
                    with self.subTest(view=str(row), person=person):
                        self.assertEqual(client.get(reverse(row.name)).status_code, 302)

    def test_what_everybody_may_see_changes_nothing_either(self):
        for name in ("accounts:login", "main:healthz", "main:readyz"):
            with self.subTest(name), writes() as found:
                Client().get(reverse(name))
                # /readyz tries whether the database can be written: it sets SQLite's user_version,
                # or updates no row.
                tries = ("PRAGMA", "UPDATE django_migrations SET app = app WHERE 1 = 0")
                self.assertEqual([sql for sql in found if not sql.startswith(tries)], [])

    def test_what_looks_for_writes_finds_one(self):
        with writes() as found, undone():
            self.cast.mine.save()
        self.assertEqual(len(found), 1)

    def test_nothing_is_accepted_from_another_site(self):
        for person in PEOPLE:
            client = self.client_of(person, enforce_csrf_checks=True)
            for row in self.table:
                address = row.address(self.cast, self.cast.mine)
                for method in ("POST", "PUT", "PATCH", "DELETE"):
                    with self.subTest(view=str(row), method=method, person=person), undone():
                        self.assertEqual(self.ask(client, method, address).status_code, 403)

    def test_what_belongs_to_another_deployment_is_not_below_mine(self):
        client = self.client_of("superuser")  # to whom nothing but that forbids it
        nested = [
            row
            for row in self.table
            if "deployment_id" in row.parameters and len(row.parameters) > 1
        ]
        self.assertTrue(nested)
        for row in nested:
            address = row.address(self.cast, self.cast.mine, elsewhere=self.cast.other)
            for method in sorted(row.allowed):
                with self.subTest(view=str(row), method=method), undone():
                    self.assertEqual(self.ask(client, method, address).status_code, 404)

    def test_a_deployment_that_was_deleted_is_nowhere(self):
        client = self.client_of("edit")
        self.cast.mine.deleted = self.cast.mine.created
        self.cast.mine.save()
        below = [row for row in self.table if isinstance(row.permission, Level)]
        self.assertTrue(below)
        for row in below:
            with self.subTest(view=str(row)):
                address = row.address(self.cast, self.cast.mine)
                method = sorted(row.allowed - {"HEAD"})[0]
                self.assertEqual(self.ask(client, method, address).status_code, 404)
