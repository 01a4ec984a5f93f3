"""Which events Rolf records, and that no secret gets into them."""

import json
from contextlib import contextmanager
from datetime import timedelta

from django.contrib.auth.models import Group
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from accounts.first_superuser import first_superuser
from accounts.models import User
from api.models import Token
from api.tests.caller import Caller, made
from audit import events
from audit.models import Entry, Head
from deployments.models import Flag, Level, Setting
from main.tests.cast import Cast
from pushes import services
from pushes.models import Push

SECRET = "open-sesame-4711"  # noqa: S105

TYPED = [
    "text",
    "value",
    "default",
    "why",
    "description",
    "code",
    "comment",
    "branch",
    "batch",
    "password",
]


class Case(TestCase):
    """Two deployments, and what was recorded since the test began."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()
        cls.deployment = cls.cast.mine
        for name in ("edit", "superuser"):
            cls.cast.people[name].set_password("correct horse")
            cls.cast.people[name].password_set -= timedelta(days=1)
            cls.cast.people[name].save()

    def setUp(self):
        events._throttle.clear()
        Entry.objects.append_pending()
        self.before = Head.objects.get().sequence
        self.client.force_login(self.cast.people["edit"])
        Entry.objects.append_pending()
        self.before = Head.objects.get().sequence

    def new(self, action=None):
        Entry.objects.append_pending()
        rows = Entry.objects.filter(sequence__gt=self.before).order_by("sequence")
        return list(rows.filter(action=action) if action else rows)

    def one(self, action):
        [row] = self.new(action)
        return row, json.loads(row.details)

    @contextmanager
    def committed(self):
        with self.captureOnCommitCallbacks(execute=True):
            yield


class Logins(Case):
    """Logins, failures and logouts."""

    def log_in(self, name="edit", password="correct horse"):  # noqa: S107
        client = Client(REMOTE_ADDR="192.0.2.9")
        client.post(reverse("accounts:login"), {"username": name, "password": password})
        return client

    def test_a_login_and_a_logout_are_recorded(self):
        self.log_in().post(reverse("accounts:logout"))
        login, logout = self.new("login.success") + self.new("logout")
        self.assertEqual((login.user_name, login.address), ("edit", "192.0.2.9"))
        self.assertEqual(json.loads(login.details), {"method": "local"})
        self.assertEqual((logout.user_name, logout.address), ("edit", "192.0.2.9"))

    def test_a_failure_names_the_account(self):
        self.log_in("EDIT", "battery")
        row, details = self.one("login.failure")
        self.assertEqual((row.user_name, row.outcome), ("edit", "failed"))
        self.assertTrue(details["known_name"])

    def test_a_name_that_is_no_account_is_recorded_nowhere(self):
        for name in (SECRET, "a\0b", "x" * 300):
            events._throttle.clear()
            self.log_in(name, SECRET)
        for row in self.new("login.failure"):
            self.assertEqual((row.user_name, json.loads(row.details)["known_name"]), ("", False))

    def test_a_flood_of_unknown_names_is_one_row(self):
        for number in range(6):
            with self.committed():
                self.log_in(f"nobody-{number}", "battery")
        self.assertEqual(len(self.new("login.failure")), 1)

    def test_a_login_of_the_admin_is_recorded(self):
        Client().post("/admin/login/", {"username": "superuser", "password": "correct horse"})
        self.assertEqual(self.one("login.success")[0].user_name, "superuser")

    def test_throttled_attempts_are_counted(self):
        for _ in range(9):
            with self.committed():
                self.log_in("edit", "battery")
        outcomes = [row.outcome for row in self.new("login.failure")]
        self.assertEqual(outcomes, ["failed"] * 5 + ["throttled"])

    def test_the_first_superuser_is_recorded(self):
        User.objects.all().delete()
        first_superuser()
        self.assertEqual(self.one("user.created")[0].target, "admin")


class Tokens(Case):
    """Tokens made, used, refused and revoked."""

    def call(self, text, **more):
        with self.committed():
            return Client(**more).get("/api/deployments", headers={"Authorization": text})

    def test_a_new_token_and_its_end_are_recorded(self):
        answer = self.client.post(
            reverse("api:token-new"), {"name": "ci", "level": 1, "reach": "all", "lasts": 30}
        )
        token = Token.objects.get(name="ci")
        self.assertEqual(self.one("token.created")[1]["level"], "view")
        self.client.post(reverse("api:token-revoke", args=[token.pk]))
        row, _ = self.one("token.revoked")
        self.assertEqual((row.target, row.user_name), ("ci", "edit"))
        self.assertNotIn(answer.context["text"], str([vars(row) for row in self.new()]))

    def test_a_use_is_recorded_once_an_hour_for_each_address(self):
        token, text = made(self.cast.people["edit"])
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
            self.call(f"Bearer {text}", REMOTE_ADDR=address)
        rows = self.new("token.used")
        self.assertEqual([row.address for row in rows], ["192.0.2.1", "192.0.2.2"])
        self.assertEqual(json.loads(rows[0].details), {"token_id": token.pk})
        self.assertEqual(rows[0].user_name, "edit")

    def test_a_refusal_says_why_and_for_which_token(self):
        token, text = made(self.cast.people["edit"])
        Token.objects.filter(pk=token.pk).update(revoked=timezone.now())
        self.assertEqual(self.call(f"Bearer {text}").status_code, 401)
        row, details = self.one("token.refused")
        self.assertEqual((row.outcome, details), ("refused", {"reason": "revoked"}))
        self.assertEqual((row.user_name, row.target), ("edit", "token a script"))

    def test_repeated_refusals_are_counted(self):
        for _ in range(50):
            self.call(f"Bearer {SECRET}")
        self.assertEqual(len(self.new("token.refused")), 1)
        _, number = events._throttle._until["token.refused", None, "127.0.0.1"]
        self.assertEqual(number, 49)
        events._throttle._until["token.refused", None, "127.0.0.1"] = 0.0, number
        self.call(f"Bearer {SECRET}")
        last = self.new("token.refused")[-1]
        self.assertEqual(json.loads(last.details), {"reason": "unknown", "repeats": 49})


class Changes(Case):
    """Secrets, permissions, locks and accounts."""

    def page(self, name, *arguments):
        return reverse(f"deployments:{name}", args=[self.deployment.pk, *arguments])

    def test_a_replaced_secret_is_named_but_not_shown(self):
        self.client.post(
            self.page("setting-new"), {"name": "API_KEY", "secret": "on", "text": SECRET}
        )
        row = Setting.objects.get(name="API_KEY")
        self.assertEqual(row.value, SECRET)
        self.client.post(
            self.page("setting", row.pk), {"name": "API_KEY", "secret": "on", "text": f"{SECRET}2"}
        )
        self.assertEqual(self.one("secret.created")[0].target, "shop mine API_KEY")
        replaced, details = self.one("secret.replaced")
        self.assertEqual((replaced.user_name, details["fields"]), ("edit", ["value"]))

    def test_a_permission_is_recorded_with_group_and_level(self):
        group = Group.objects.create(name="Web")
        self.client.post(self.page("permission-new"), {"group": group.pk, "level": Level.PUSH})
        row, details = self.one("permission.created")
        self.assertEqual((details["group"], details["level"]), ("Web", "push"))
        self.assertIn("shop mine", row.target)

    def test_locks_are_recorded_without_their_reason(self):
        self.client.post(self.page("lock"), {"why": SECRET})
        self.client.post(self.page("lock"), {"why": SECRET, "unlock": ""})
        self.assertEqual(
            [row.action for row in self.new()], ["deployment.locked", "deployment.unlocked"]
        )

    def test_members_of_a_group_are_recorded(self):
        self.client.force_login(self.cast.people["superuser"])
        group = self.cast.people["view"].groups.get()
        members = [self.cast.people["push"].pk]
        self.client.post(f"/people/groups/{group.pk}/", {"name": group.name, "members": members})
        row, details = self.one("group.changed")
        self.assertEqual(
            (details["members_added"], details["members_removed"]), (["push"], ["view"])
        )
        self.assertEqual(row.address, "127.0.0.1")

    def test_a_new_password_is_recorded(self):
        new = {"new_password1": f"{SECRET}!", "new_password2": f"{SECRET}!"}
        self.client.post(
            reverse("people:account-password"), {"old_password": "correct horse", **new}
        )
        self.assertEqual(self.one("user.password")[0].target, "edit")

    def test_an_export_is_recorded(self):
        self.client.get(self.page("export"))
        self.assertEqual(self.new("deployment.exported"), [])
        self.client.get(self.page("export"), {"as": "toml"})
        row, details = self.one("deployment.exported")
        self.assertEqual((row.target, details), ("shop mine", {"kind": "toml"}))


class Pushes(Case):
    """Pushes that differ from the deployment, and logs that are read."""

    def setUp(self):
        super().setUp()
        self.push = self.deployment.pushes.get(number=1)
        self.user = self.cast.people["edit"]

    def test_a_plain_push_is_no_override(self):
        services.queue_push(self.deployment, self.user, flags={"SHOUT": ""})
        self.assertEqual([row.action for row in self.new()], ["push.queued"])

    def test_an_override_names_flags_and_stages(self):
        push = services.queue_push(
            self.deployment, self.user, flags={"SHOUT": "1"}, skip=["greet"], step=True
        )
        row, details = self.one("push.override")
        self.assertEqual(row.target, "shop mine")
        self.assertEqual(
            details, {"flags": ["SHOUT"], "push_id": push.pk, "skipped": ["greet"], "step": True}
        )

    def test_a_refused_push_leaves_no_event(self):
        services.queue_push(self.deployment, self.user)
        with self.assertRaises(services.Busy):
            services.queue_push(self.deployment, self.user)
        self.assertEqual(len(self.new("push.queued")), 1)

    def test_a_cancelled_push_is_recorded(self):
        services.cancel(services.queue_push(self.deployment, self.user), self.user)
        self.assertEqual(self.one("push.cancelled")[0].user_name, "edit")

    def test_a_log_is_recorded_once_for_each_way_to_read_it(self):
        _, text = made(self.user)
        for name in ("push", "lines", "search", "news", "log", "log"):
            with self.committed():
                self.client.get(reverse(f"pushes:{name}", args=[self.deployment.pk, self.push]))
        with self.committed():
            Caller(text).get(f"/api/deployments/{self.deployment.pk}/pushes/{self.push.pk}/log")
        rows = self.new("log.read")
        self.assertEqual([json.loads(row.details)["way"] for row in rows], ["page", "raw", "api"])
        self.assertEqual({row.target for row in rows}, {"shop mine push 1"})
        self.assertEqual({row.user_name for row in rows}, {"edit"})

    def test_a_hidden_deployment_leaves_no_event(self):
        other = self.cast.other.pushes.first()
        answer = self.client.get(reverse("pushes:log", args=[self.cast.other.pk, other]))
        self.assertEqual(answer.status_code, 404)
        self.assertEqual(self.new(), [])


class Secrets(Case):
    """A secret that is typed into any field is in no row."""

    def test_no_event_has_a_secret(self):
        self.client.force_login(self.cast.people["superuser"])
        _, text = made(self.cast.people["edit"])
        Flag.objects.create(deployment=self.deployment, name="TEXT", kind=Flag.Kind.TEXT)
        for name in ("UNKNOWN", "TEXT"):
            Caller(text).post(
                f"/api/deployments/{self.deployment.pk}/pushes",
                json.dumps({"comment": SECRET, "flags": {name: SECRET}}),
            )
        for fields in ({"skip": [SECRET]}, {"ref": SECRET}, {"commit": SECRET}):
            Caller(text).post(f"/api/deployments/{self.deployment.pk}/pushes", json.dumps(fields))
        for name in (
            "setting-new",
            "flag-new",
            "lock",
            "permission-new",
            "stage-new",
            "edit",
            "clone",
        ):
            page = reverse(f"deployments:{name}", args=[self.deployment.pk])
            fields = dict.fromkeys(TYPED, SECRET)
            self.client.post(page, {"name": "GREAT", "secret": "on", "application": 1, **fields})
        self.client.get(f"/api/{SECRET}", headers={"Authorization": f"Bearer {SECRET}"})
        self.client.get(
            reverse("pushes:log", args=[self.deployment.pk, self.deployment.pushes.first()]),
            {"q": SECRET},
            headers={"X-Request-ID": f"a {SECRET}", "User-Agent": SECRET, "Referer": SECRET},
        )
        client = Client()
        for address in (reverse("accounts:login"), reverse("admin:login")):
            client.post(address, {"username": SECRET, "password": SECRET})
            client.post(address, {"username": "edit", "password": SECRET})
        self.client.post(
            "/people/new/",
            {
                "username": "new",
                "first_name": SECRET,
                "email": f"{SECRET}@x.org",
                "password": f"{SECRET}-and-more",
            },
        )
        rows = self.new()
        self.assertIn("push.override", {row.action for row in rows})
        self.assertIn("secret.created", {row.action for row in rows})
        for row in rows:
            with self.subTest(str(row)):
                self.assertNotIn(SECRET, str(vars(row)))
                self.assertNotIn(text, str(vars(row)))
        self.assertTrue(Push.objects.filter(comment__contains=SECRET).exists())
