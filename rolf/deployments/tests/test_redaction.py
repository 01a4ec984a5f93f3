"""People without the edit permission see neither REPOSITORY nor REMOTE_HOST."""

from django.test import Client, TestCase

from api.tests.caller import Caller, made
from deployments.models import Level, Setting
from history.models import record_change
from main.tests.cast import Cast

from ..redaction import Redactor

REPOSITORY = "https://git.internal.example/shop.git"
HOST = "deploy@app1.internal.example"
OUTPUT = f"fatal: {REPOSITORY} is gone; ssh: {HOST}: denied by app1.internal.example"


class Case(TestCase):
    """A failed push that names both, in its reason, its stage's reason, its log and a survey."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()
        cls.deployment = cls.cast.mine
        for name, text in (("REPOSITORY", REPOSITORY), ("REMOTE_HOST", HOST)):
            Setting.objects.create(deployment=cls.deployment, name=name, text=text)
        cls.deployment.surveys.update(fault=OUTPUT)
        cls.push = cls.deployment.pushes.first()
        cls.push.reason, cls.push.state = OUTPUT, "failed"
        cls.push.record["stages"][0] |= {"reason": OUTPUT, "state": "failed"}
        data = f"{OUTPUT}\n".encode()
        chunk = cls.push.chunks.get()
        chunk.data, chunk.spans = data, [[len(data), 0, "stderr", 1.0, ""]]
        chunk.save()
        cls.push.log_bytes = len(data)
        cls.push.save()

    def pages(self, person):
        """Return what a person reads of it, by address."""
        client = Client()
        client.force_login(self.cast.people[person])
        base = f"/deployments/{self.deployment.pk}/"
        push = self.push.get_absolute_url()
        found = {}
        for address in (
            base,
            f"{base}pushes/",
            push,
            f"{push}lines/",
            f"{push}news/",
            f"{push}log",
            f"{base}survey/",
            f"{push}rollback/",
        ):
            answer = client.get(address)
            if answer.status_code == 404 and address.endswith("log"):
                answer = client.get(f"{address}/")
            if answer.status_code == 200:
                found[address] = answer.getvalue().decode()
        return found


class Hidden(Case):
    """Pages and API."""

    def test_only_editors_see_where_code_comes_from(self):
        for person in ("view", "push"):
            pages = self.pages(person)
            self.assertGreater(len(pages), 3)
            for address, page in pages.items():
                with self.subTest(person=person, address=address):
                    self.assertNotIn("internal.example", page)
        self.assertTrue(any(REPOSITORY in page for page in self.pages("edit").values()))

    def test_the_api_hides_it_in_reasons_and_logs(self):
        caller = Caller(made(self.cast.people["edit"])[1])
        base = f"/api/deployments/{self.deployment.pk}"
        push = f"{base}/pushes/{self.push.pk}"
        for address in (
            base,
            f"{base}/pushes",
            push,
            f"{push}/outcome?wait=0",
            f"{push}/log",
            f"{push}/log?offset=20",
            f"{push}/log?offset=60",
        ):
            with self.subTest(address):
                answer = caller.get(address)
                self.assertIn(answer.status_code, (200, 424))
                self.assertNotIn("internal", answer.content.decode())

    def test_a_log_keeps_its_length(self):
        hidden = Redactor(self.deployment, Level.VIEW)
        data = f"a{REPOSITORY}b".encode() * 50
        for size in (1, 7, 64):
            pieces = [data[at : at + size] for at in range(0, len(data), size)]
            found = b"".join(hidden.data(pieces))
            self.assertEqual(len(found), len(data))
            self.assertNotIn(b"internal", found)

    def test_colours_reveal_nothing(self):
        hidden = Redactor(self.deployment, Level.VIEW)
        html = '<span class="fg-1">app1</span>.<b>internal</b>.example is <i>up</i>'
        self.assertEqual(
            hidden.html(html), ('<span class="fg-1">[REMOTE_HOST]</span><b></b> is <i>up</i>')
        )
        apart = "<td>app1</td><td>.internal.example</td>"
        self.assertEqual(hidden.html(apart), apart)
        for red, plain in (
            (b"\x1b[01;31m\x1b[K", b"\x1b[m\x1b[K"),
            (b"\x1b]8;;x\x07", b"\x1b]8;;\x07"),
        ):
            data = b"to app1." + red + b"internal" + plain + b".example it goes"
            found = hidden.stars(data)
            self.assertEqual(found, b"to *****" + red + b"********" + plain + b"******** it goes")
            pieces = [(b"x" * 3000 + data)[at : at + 7] for at in range(0, 3100, 7)]
            self.assertNotIn(b"internal", b"".join(hidden.data(pieces)))

    def test_a_raw_log_has_no_passwords_for_anybody(self):
        data = b"x" * 500 + b"fatal: https://anna:sesame@git.example.org/x.git\n" + b"y" * 500
        for level in (Level.VIEW, Level.EDIT):
            hidden = Redactor(self.deployment, level)
            for size in (1, 7, 64, 2000):
                pieces = [data[at : at + size] for at in range(0, len(data), size)]
                found = b"".join(hidden.data(pieces))
                self.assertEqual(found, data.replace(b"anna:sesame@", b"*" * 12))

    def test_tags_stay_and_passwords_go_for_everybody(self):
        html = f'<a href="/x/?{REPOSITORY}">{REPOSITORY}</a>'
        self.assertEqual(
            Redactor(self.deployment, Level.VIEW).html(html),
            f'<a href="/x/?{REPOSITORY}">[REPOSITORY]</a>',
        )
        editor = Redactor(self.deployment, Level.EDIT)
        for address in (
            "https://ghp_x@host/x.git",
            "https://anna:sesame@host/x.git",
            "ssh://git:sesame@host/x.git",
        ):
            found = editor.text(f"fatal: {address}")
            self.assertRegex(found, r"://\*\*\*@host/x.git$")
        self.assertEqual(editor.text("ssh://git@host/x"), "ssh://git@host/x")

    def test_old_addresses_with_a_password_are_masked(self):
        row = Setting.objects.get(deployment=self.deployment, name="REPOSITORY")
        row.text = "https://anna:sesame@git.example.org/x.git"
        with record_change(self.cast.people["superuser"], row, self.deployment):
            row.save()
        client = Client()
        client.force_login(self.cast.people["edit"])
        for page in ("settings", "history"):
            answer = client.get(f"/deployments/{self.deployment.pk}/{page}/")
            self.assertContains(answer, "https://***@git.example.org/x.git")
            self.assertNotContains(answer, "sesame")


class Earlier(Case):
    """Settings that have changed since the push."""

    def test_the_reason_of_an_old_push_hides_what_it_had(self):
        self.push.record["settings"] |= {"REPOSITORY": REPOSITORY, "REMOTE_HOST": HOST}
        self.push.save()
        self.deployment.settings.filter(name__in=("REPOSITORY", "REMOTE_HOST")).update(text="other")
        caller = Caller(made(self.cast.people["view"])[1])
        base = f"/api/deployments/{self.deployment.pk}/pushes"
        for address in (base, f"{base}/{self.push.pk}"):
            answer = caller.get(address)
            self.assertEqual(answer.status_code, 200)
            self.assertNotIn("internal.example", answer.content.decode(), address)
