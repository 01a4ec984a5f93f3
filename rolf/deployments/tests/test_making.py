"""Create, clone, lock, delete, restore and export deployments."""

import io
import tarfile
import tempfile
from pathlib import Path

from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.definition.deployment import FILE
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from deployments import export
from deployments.models import Application, Category, Deployment, Level, Setting, Stage

from ..import_files import ImportRefused, read
from .test_rows import ODD, Case


class Clones(Case):
    """Clones."""

    def clone(self, **more):
        self.client.post(
            self.at("deployments:clone"),
            {"application": self.deployment.application_id, "name": "twin", **more},
        )
        return Deployment.objects.get(name="twin")

    def test_it_has_all_but_pushes_and_secrets(self):
        secret = Setting(deployment=self.deployment, name="SECRET", secret=True)
        secret.value = "x"
        secret.save()
        made = self.clone(permissions="on")
        self.assertEqual(
            [stage.history_fields() for stage in made.stages.all()],
            [stage.history_fields() for stage in self.deployment.stages.all()],
        )
        self.assertEqual(made.settings.get(name="GREETING").value, "hello")
        self.assertEqual(made.settings.get(name="SECRET").value, "")
        self.assertEqual(made.flags.get().name, "SHOUT")
        self.assertEqual(made.grants.count(), self.deployment.grants.count())
        self.assertFalse(made.pushes.exists())

    def test_who_clones_is_reported_that_both_go_to_one_place(self):
        clone = {"application": self.deployment.application_id, "name": "twin"}
        for name, text in (("REMOTE_HOST", "."), ("REMOTE_DIRECTORY", "/var/www/till")):
            Setting.objects.create(deployment=self.deployment, name=name, text=text)
        page = self.client.post(self.at("deployments:clone"), clone, follow=True)
        self.assertContains(
            page, "Both are pushed to /var/www/till on .: change that before you push"
        )
        made = Deployment.objects.get(name="twin")
        self.assertEqual(page.request["PATH_INFO"], reverse("deployments:settings", args=[made.pk]))

    def test_a_secret_without_a_value_is_pushed_by_nobody(self):
        secret = Setting(deployment=self.deployment, name="SECRET", secret=True)
        secret.value = "x"
        secret.save()
        made = self.clone(permissions="on")
        self.assertContains(
            self.client.get(reverse("deployments:settings", args=[made.pk])), "empty"
        )
        answer = self.client.post(reverse("pushes:push-new", args=[made.pk]), {"ref": "main"})
        self.assertContains(answer, "The secret setting SECRET has no value.", status_code=422)

    def test_secrets_come_along_where_one_says_so(self):
        secret = Setting(deployment=self.deployment, name="SECRET", secret=True)
        secret.value = "x"
        secret.save()
        self.assertEqual(self.clone(secrets="on").settings.get(name="SECRET").value, "x")

    def test_who_clones_may_edit_the_clone_and_others_see_nothing(self):
        made = self.clone()
        self.assertEqual([grant.level for grant in made.grants.all()], [Level.EDIT])
        self.assertEqual(
            self.client.get(reverse("deployments:settings", args=[made.pk])).status_code, 200
        )

    def test_applications_that_one_does_not_see_are_not_named(self):
        Application.objects.create(name="unseen till", category=Category.objects.get())
        person = self.cast.people["edit"]
        person.user_permissions.add(Permission.objects.get(codename="add_deployment"))
        for page in (
            self.at("deployments:clone"),
            self.at("deployments:edit"),
            reverse("deployments:new"),
        ):
            self.assertNotContains(self.client.get(page), "unseen till")
            self.assertContains(self.client.get(page), ">shop</option>")

    def test_a_name_is_there_once(self):
        answer = self.client.post(
            self.at("deployments:clone"),
            {"application": self.deployment.application_id, "name": "other"},
        )
        self.assertContains(answer, "has a deployment of this name", status_code=422)


class Ends(Case):
    """Lock, delete, restore."""

    def test_a_locked_one_refuses_pushes_and_says_why(self):
        self.client.post(self.at("deployments:lock"), {"why": "the fair is on"})
        page = self.client.get(self.at("pushes:deployment"))
        self.assertContains(page, "the fair is on")
        answer = self.client.post(self.at("pushes:push-new"), {"ref": "main"})
        self.assertContains(answer, "is locked by edit: the fair is on", status_code=422)
        self.client.post(self.at("deployments:lock"), {"unlock": "1"})
        answer = self.client.post(self.at("pushes:push-new"), {"ref": "main"})
        self.assertEqual(answer.status_code, 302)

    def test_a_deleted_one_is_gone_and_comes_back(self):
        self.client.post(self.at("deployments:delete"), {"name": "shop wrong"})
        self.deployment.refresh_from_db()
        self.assertIsNone(self.deployment.deleted)
        self.client.post(self.at("deployments:delete"), {"name": "shop mine"})
        self.assertEqual(self.client.get(self.at("pushes:deployment")).status_code, 404)
        self.assertEqual(self.deployment.pushes.count(), 2)
        boss = Client()
        boss.force_login(self.cast.people["superuser"])
        self.assertContains(boss.get(reverse("deployments:deleted")), "shop mine")
        boss.post(reverse("deployments:restore", args=[self.deployment.pk]))
        self.assertEqual(self.client.get(self.at("pushes:deployment")).status_code, 200)


class News(Case):
    """New deployments."""

    def test_an_application_and_a_category_are_made_along_with_it(self):
        person = self.cast.people["edit"]
        person.user_permissions.add(Permission.objects.get(codename="add_deployment"))
        answer = self.client.post(
            reverse("deployments:new"),
            {
                "new_application": "Магазин",
                "new_category": "Сайты",
                "name": "боевой",
                "group": person.groups.get().pk,
                "definition": TOML,
            },
        )
        made = Deployment.objects.get(name="боевой")
        self.assertRedirects(answer, reverse("deployments:stages", args=[made.pk]))
        self.assertEqual(str(made), "Магазин боевой")
        self.assertEqual([stage.name for stage in made.stages.all()], ["git-clone", "tell"])
        self.assertEqual(made.settings.get(name="REMOTE_HOSTS").parsed, ("a", "b"))
        self.assertTrue(made.settings.get(name="TOKEN").secret)
        self.assertEqual(made.batch, "25%")

    def test_no_two_of_its_fields_are_called_the_same(self):
        boss = Client()
        boss.force_login(self.cast.people["superuser"])
        form = boss.get(reverse("deployments:new")).context["form"]
        labels = [field.label for field in form]
        self.assertEqual(len(labels), len(set(labels)))

    def test_a_file_with_faults_makes_nothing(self):
        self.client.force_login(self.cast.people["superuser"])
        answer = self.client.post(
            reverse("deployments:new"),
            {
                "new_application": "till",
                "new_category": "Sites 2",
                "name": "production",
                "definition": "\n[deployments.production]\nstages = []\nbranhc = 'x'\n",
            },
        )
        self.assertContains(answer, "Line 4", status_code=422)
        self.assertFalse(Deployment.objects.filter(application__name="till").exists())


TOML = """
[deployments.production]
branch = "main"
batch = "25%"
stages = ["git-clone", { recipe = "smoke-test", name = "tell", timeout = "2m" }]
[deployments.production.settings]
REMOTE_HOSTS = ["a", "b"]
TOKEN = { secret = true }
[deployments.production.flags.LOUD]
description = "loudly"
"""


class Taken(Case):
    """The engine reads what was exported."""

    def test_the_engine_reads_what_is_exported(self):
        Setting.objects.create(deployment=self.deployment, name="ODD", text=ODD + "\x7f")
        secret = Setting(deployment=self.deployment, name="TOKEN", secret=True)
        secret.value = "x"
        secret.save()
        Stage.objects.create(
            deployment=self.deployment, name="say it", code="echo 'it'\n", position=5, timeout=90
        )
        Stage.objects.create(deployment=self.deployment, name="never", code="x", enabled=False)
        with tempfile.TemporaryDirectory() as project:
            sent = self.client.get(self.at("deployments:export"), {"as": "tar"}).content
            with tarfile.open(fileobj=io.BytesIO(sent)) as archive:
                for member in archive:
                    path = Path(project, member.name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(archive.extractfile(member).read())
            shown = reader.read(Path(project)).deployment()
            code = Path(project, "deploy/recipes/say it.sh").read_text()
            greet = Path(project, "deploy/recipes/greet.sh").read_text()
        self.assertEqual([stage.name for stage in shown.stages], ["greet", "say it"])
        self.assertEqual(shown.stages[1].timeout, 90)
        self.assertEqual((code, greet), ("echo 'it'\n", "# Greets.\necho hello\n"))
        self.assertEqual(shown.settings["ODD"], ODD + "\x7f")
        self.assertEqual(shown.secrets, ("TOKEN",))
        self.assertEqual(shown.flags["SHOUT"].description, "loudly")

    def test_there_and_back_it_is_the_same(self):
        again = read(export.files(self.deployment)[FILE], "mine")
        self.assertEqual(again.branch, self.deployment.branch)
        self.assertEqual(again.settings, {"GREETING": "hello"})

    def test_one_without_stages_has_nothing_to_export(self):
        self.deployment.stages.update(enabled=False)
        for sent in ({}, {"as": "tar"}, {"as": "toml"}):
            page = self.client.get(self.at("deployments:export"), sent)
            self.assertContains(page, "nothing to export")

    def test_faults_are_reported_with_their_line(self):
        with self.assertRaisesMessage(ImportRefused, "Line 1: "):
            read("this is no toml")
