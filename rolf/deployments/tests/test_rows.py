"""Settings, flags and permissions: values are kept exactly, and secrets are never shown."""

from django.test import Client, TestCase
from django.urls import reverse

from deployments.models import Flag, Grant, Level, Setting
from history.models import Change
from main.tests.cast import Cast

ODD = "  first line\n'quoted' \"twice\" $HOME `id`\n\n\tlast, Ёлкино \n"


class Case(TestCase):
    """A user with the edit permission."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()
        cls.deployment = cls.cast.mine

    def setUp(self):
        self.client = Client()
        self.client.force_login(self.cast.people["edit"])

    def at(self, name, *arguments):
        return reverse(name, args=[self.deployment.pk, *arguments])

    def form(self, name, *arguments):
        """Return what a browser would send back of a form, unchanged."""
        page = self.client.get(self.at(name, *arguments))
        form = page.context["form"]
        return {
            key: ("on" if form[key].value() is True else form[key].value() or "")
            for key in form.fields
            if form[key].value() is not False
        }


class Settings(Case):
    """Settings."""

    def test_an_address_with_a_password_in_it_is_refused(self):
        for text, shown in (
            ("https://anna:sesame@git.example.org/site.git", "has a password"),
            ("--upload-pack=evil", "an option"),
        ):
            answer = self.client.post(
                self.at("deployments:setting-new"), {"name": "REPOSITORY", "text": text}
            )
            self.assertContains(answer, shown, status_code=422)
        answer = self.client.post(
            self.at("deployments:setting-new"), {"name": "REPOSITORY", "text": "x", "secret": "on"}
        )
        self.assertContains(answer, "can&#x27;t be secret", status_code=422)

    def test_a_short_secret_is_warned_of_when_it_is_saved(self):
        for value, warned in (("1234567", True), ("12345678", False)):
            answer = self.client.post(
                self.at("deployments:setting-new"),
                {"name": f"PIN_{len(value)}", "text": value, "secret": "on"},
                follow=True,
            )
            self.assertEqual("has fewer than 8 characters" in answer.content.decode(), warned)
            self.assertNotContains(answer, value)
        answer = self.client.post(
            self.at("deployments:setting-new"), {"name": "PLAIN", "text": "1"}, follow=True
        )
        self.assertNotContains(answer, "has fewer than 8 characters")

    def test_a_limit_of_output_is_a_size(self):
        for text in ("lots", "1 kB"):
            answer = self.client.post(
                self.at("deployments:setting-new"), {"name": "OUTPUT_LIMIT", "text": text}
            )
            self.assertContains(answer, "takes a size such as", status_code=422)
        self.client.post(
            self.at("deployments:setting-new"), {"name": "OUTPUT_LIMIT", "text": "50 MB"}
        )
        self.assertEqual(self.deployment.settings.get(name="OUTPUT_LIMIT").parsed, "50 MB")

    def test_a_value_comes_back_byte_for_byte(self):
        self.client.post(
            self.at("deployments:setting-new"), {"name": "ODD", "text": ODD.replace("\n", "\r\n")}
        )  # as browsers send it
        setting = self.deployment.settings.get(name="ODD")
        self.assertEqual(setting.value, ODD)
        self.client.post(
            self.at("deployments:setting", setting.pk), self.form("deployments:setting", setting.pk)
        )
        setting.refresh_from_db()
        self.assertEqual(setting.value, ODD)

    def test_a_secret_is_never_shown_again(self):
        self.client.post(
            self.at("deployments:setting-new"),
            {"name": "PASSWORD", "text": "open sesame", "secret": "on"},
        )
        setting = self.deployment.settings.get(name="PASSWORD")
        self.assertEqual((setting.value, setting.text), ("open sesame", ""))
        for name, *arguments in [
            ("deployments:settings",),
            ("deployments:setting", setting.pk),
            ("deployments:history",),
            ("deployments:export",),
            ("deployments:setting-delete", setting.pk),
            ("pushes:deployment",),
        ]:
            self.assertNotContains(self.client.get(self.at(name, *arguments)), "sesame")
        self.assertNotContains(
            self.client.get(self.at("deployments:export"), {"as": "toml"}), "sesame"
        )
        for change in Change.objects.all():
            self.assertNotIn("sesame", f"{change.before}{change.after}")

    def test_a_secret_is_kept_unless_a_new_one_is_entered(self):
        setting = self.secret()
        self.client.post(
            self.at("deployments:setting", setting.pk),
            {"name": "RENAMED", "text": "", "secret": "on"},
        )
        setting.refresh_from_db()
        self.assertEqual((setting.name, setting.value), ("RENAMED", "one"))
        self.client.post(
            self.at("deployments:setting", setting.pk),
            {"name": "RENAMED", "text": "two", "secret": "on"},
        )
        setting.refresh_from_db()
        self.assertEqual(setting.value, "two")

    def test_a_secret_becomes_no_plain_setting_by_a_click(self):
        setting = self.secret()
        answer = self.client.post(
            self.at("deployments:setting", setting.pk), {"name": "PASSWORD", "text": ""}
        )
        self.assertContains(answer, "Enter the value again", status_code=422)
        setting.refresh_from_db()
        self.assertEqual((setting.secret, setting.value), (True, "one"))

    def test_what_no_stage_could_be_given_is_refused_at_its_field(self):
        for name, text, fault in [
            ("lower case", "x", "lower case"),
            ("PATH", "x", "PATH"),
            ("A", "x\0y", "Null"),
            ("REMOTE_HOST", "-oProxyCommand=x", "is no host"),
            ("GREETING", "x", "has a setting of that name"),
        ]:
            with self.subTest(name):
                answer = self.client.post(
                    self.at("deployments:setting-new"), {"name": name, "text": text}
                )
                self.assertContains(answer, fault, status_code=422)
                self.assertContains(answer, "faults", status_code=422)

    def test_two_who_edit_at_once_are_reported(self):
        setting = self.deployment.settings.get(name="GREETING")
        form = self.form("deployments:setting", setting.pk)
        setting.text = "theirs"
        setting.save()
        mine = {**form, "text": "mine"}
        answer = self.client.post(self.at("deployments:setting", setting.pk), mine)
        self.assertContains(answer, "Another user has changed this", status_code=422)
        setting.refresh_from_db()
        self.assertEqual(setting.text, "theirs")
        again = {**mine, "seen": answer.context["form"]["seen"].value()}
        self.client.post(self.at("deployments:setting", setting.pk), again)
        setting.refresh_from_db()
        self.assertEqual(setting.text, "mine")

    def test_whatever_is_changed_is_in_the_history(self):
        setting = self.deployment.settings.get(name="GREETING")
        self.client.post(
            self.at("deployments:setting", setting.pk), {"name": "GREETING", "text": "new"}
        )
        self.client.post(self.at("deployments:setting-delete", setting.pk))
        last, before = Change.objects.filter(kind="setting")[:2]
        self.assertEqual((before.before["value"], before.after["value"]), ("hello", "new"))
        self.assertEqual((last.verb, last.by_name), ("deleted", "edit"))
        self.assertFalse(self.deployment.settings.filter(name="GREETING").exists())

    def test_rows_of_another_deployment_are_not_there(self):
        other = self.cast.other
        for name, row in [
            ("setting", other.settings.first()),
            ("flag", other.flags.first()),
            ("permission", other.grants.first()),
        ]:
            for address in (f"deployments:{name}", f"deployments:{name}-delete"):
                with self.subTest(address):
                    answer = self.client.post(self.at(address, row.pk), {"name": "X"})
                    self.assertEqual(answer.status_code, 404)

    def test_as_many_queries_for_many(self):
        with self.assertNumQueries(4):
            self.client.get(self.at("deployments:settings"))
        for number in range(30):
            Setting.objects.create(deployment=self.deployment, name=f"N{number}", text="x")
        with self.assertNumQueries(4):
            self.client.get(self.at("deployments:settings"))

    def test_markup_in_a_value_is_text(self):
        Setting.objects.create(deployment=self.deployment, name="M", text="<script>x</script>")
        self.assertContains(self.client.get(self.at("deployments:settings")), "&lt;script&gt;")

    def secret(self):
        setting = Setting(deployment=self.deployment, name="PASSWORD", secret=True)
        setting.value = "one"
        setting.save()
        return setting


class Flags(Case):
    """Flags."""

    def test_whatever_says_no_is_no(self):
        for number, default in enumerate(["", "0", "no", "False"]):
            self.client.post(
                self.at("deployments:flag-new"),
                {"name": f"F{number}", "kind": "switch", "default": default},
            )
        self.client.post(
            self.at("deployments:flag-new"), {"name": "ON", "kind": "switch", "default": "yes"}
        )
        made = dict(Flag.objects.filter(name__regex="^F[0-9]|ON").values_list("name", "default"))
        self.assertEqual(made, {"F0": "", "F1": "", "F2": "", "F3": "", "ON": "1"})

    def test_a_name_is_there_once(self):
        answer = self.client.post(
            self.at("deployments:flag-new"), {"name": "SHOUT", "kind": "switch"}
        )
        self.assertContains(answer, "has a flag of that name", status_code=422)


class Permissions(Case):
    """Permissions."""

    def test_a_permission_is_given_changed_and_taken(self):
        group = self.cast.people["edit elsewhere"].groups.get()
        theirs = Client()
        theirs.force_login(self.cast.people["edit elsewhere"])
        page = self.at("pushes:deployment")
        self.assertEqual(theirs.get(page).status_code, 404)
        self.client.post(
            self.at("deployments:permission-new"), {"group": group.pk, "level": Level.VIEW}
        )
        self.assertEqual(theirs.get(page).status_code, 200)
        grant = Grant.objects.get(group=group, deployment=self.deployment)
        self.client.post(
            self.at("deployments:permission", grant.pk), {"group": group.pk, "level": Level.PUSH}
        )
        self.assertContains(theirs.get(page), ">Push</button>")
        self.client.post(self.at("deployments:permission-delete", grant.pk))
        self.assertEqual(theirs.get(page).status_code, 404)
