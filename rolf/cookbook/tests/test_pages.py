"""Pages of the cookbook."""

from bootstrapper.deploy.plan.environment import file_name
from django.test import Client, TestCase
from django.urls import reverse

from api.tests.caller import Caller, made
from cookbook.models import Recipe
from deployments.models import Grant, Level, Stage
from deployments.prepare import prepare_rows
from history.models import Change
from main.tests.cast import Cast
from main.tests.url_table import rows

from ..catalog import RecipeCatalog, shipped


class Case(TestCase):
    """A user with the edit permission on one of two deployments."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()
        cls.deployment = cls.cast.mine

    def setUp(self):
        self.client = self.client_of("edit")

    def client_of(self, person):
        client = Client()
        client.force_login(self.cast.people[person])
        return client

    def at(self, name, *arguments):
        return reverse(name, args=[self.deployment.pk, *arguments])


class Tied(Case):
    """Stages, flags and settings of a tied deployment."""

    def setUp(self):
        super().setUp()
        type(self.deployment).objects.filter(pk=self.deployment.pk).update(tied_to="production")

    def test_nothing_is_written_here_that_would_not_count(self):
        stage, flag = self.deployment.stages.get(), self.deployment.flags.get()
        before = list(self.deployment.stages.values())
        for name, arguments, form in [
            ("deployments:stage-new", (), {"recipe": "git-clone"}),
            ("deployments:stage", (stage.pk,), {"name": "x"}),
            ("deployments:stage-move", (stage.pk,), {"enabled": "0"}),
            ("deployments:stages-order", (), {"order": "1"}),
            ("deployments:flag-new", (), {"name": "LOUD", "kind": "switch"}),
            ("deployments:flag", (flag.pk,), {"name": "LOUD", "kind": "switch"}),
        ]:
            answer = self.client.post(self.at(name, *arguments), form)
            self.assertContains(answer, "change it there", status_code=403)
        self.assertEqual(list(self.deployment.stages.values()), before)
        answer = self.client.post(
            self.at("deployments:setting-new"), {"name": "COLOUR", "text": "red"}
        )
        self.assertContains(answer, "its repository defines all plain", status_code=422)

    def test_every_page_that_changes_a_stage_or_flag_is_refused(self):
        lists = {"deployments:stages", "deployments:flags"}
        pages = [
            row
            for row in rows()
            if row.name.startswith(("deployments:stage", "deployments:flag"))
            and row.name not in lists
        ]
        self.assertIn("deployments:flag-delete", [row.name for row in pages])
        before = [list(kept.values()) for kept in (self.deployment.stages, self.deployment.flags)]
        for row in pages:
            for method in row.allowed & {"GET", "POST"}:
                with self.subTest(row.name, method=method):
                    answer = self.client.generic(method, row.address(self.cast, self.deployment))
                    self.assertContains(answer, "change it there", status_code=403)
        after = [list(kept.values()) for kept in (self.deployment.stages, self.deployment.flags)]
        self.assertEqual(after, before)

    def test_secrets_and_where_the_repository_is_are_kept_here(self):
        for form in (
            {"name": "TOKEN", "text": "sesame", "secret": "on"},
            {"name": "REPOSITORY", "text": "git@git.example.org:site.git"},
        ):
            self.assertEqual(
                self.client.post(self.at("deployments:setting-new"), form).status_code, 302
            )

    def test_the_api_tells_what_was_found_there(self):
        definition = {
            "stages": [{"name": "a"}, {"name": "b"}],
            "flags": [{"name": "LOUD", "description": "", "default": "1", "switch": True}],
        }
        self.deployment.surveys.update(definition=definition)
        shown = (
            Caller(made(self.cast.people["view"])[1])
            .get(f"/api/deployments/{self.deployment.pk}")
            .json()
        )
        self.assertEqual(shown["stages"], ["a", "b"])
        self.assertEqual([flag["name"] for flag in shown["flags"]], ["LOUD"])


class Recipes(Case):
    """Your own recipes, and those that come with Rolf."""

    def test_ours_are_there_and_read_only(self):
        page = self.client.get(reverse("cookbook:recipes"))
        for name in shipped():
            self.assertContains(page, f">{name}</a>")
        self.assertEqual(
            self.client.get(reverse("cookbook:recipe-edit", args=["git-clone"])).status_code, 404
        )

    def test_a_comment_is_reported_in_paragraphs_and_its_columns_stay(self):
        Recipe.objects.create(
            name="two",
            code="# Does this\n# and <that>.\n#\n# Last.\n#\n"
            "# ONE    first\n# TWO    second\necho\n",
        )
        page = self.client.get(reverse("cookbook:recipe", args=["two"]))
        self.assertContains(page, "<p>Does this and &lt;that&gt;.</p><p>Last.</p>")
        self.assertContains(page, ">ONE    first\nTWO    second</pre>")

    def test_one_of_ours_is_replaced_by_the_shops(self):
        form = self.client.get(reverse("cookbook:recipe-new"), {"of": "smoke-test"}).context["form"]
        self.assertEqual(form["name"].value(), "smoke-test")
        self.client.post(
            reverse("cookbook:recipe-new"),
            {"name": "smoke-test", "language": "shell", "code": "# Ours.\r\necho ours\r\n"},
        )
        self.assertTrue(RecipeCatalog().shadows("smoke-test"))
        self.assertEqual(RecipeCatalog().get("smoke-test").code, "# Ours.\necho ours\n")
        self.assertContains(self.client.get(reverse("cookbook:recipes")), "replaces Rolf's")

    def test_every_save_is_a_version_with_its_difference(self):
        Grant.objects.create(
            deployment=self.cast.other,
            level=Level.EDIT,
            group=self.cast.people["edit"].groups.get(),
        )
        address = reverse("cookbook:recipe-edit", args=["greet"])
        self.client.post(address, {"language": "shell", "code": "# Greets.\necho goodbye\n"})
        self.client.post(address, {"language": "shell", "code": "# Greets.\necho goodbye\n"})
        recipe = Recipe.objects.get(name="greet")
        self.assertEqual([version.number for version in recipe.versions.all()], [2, 1])
        page = self.client.get(reverse("cookbook:recipe-version", args=["greet", 2]))
        self.assertContains(page, "<del>- echo hello\n</del>", html=True)
        self.assertContains(page, "<ins>+ echo goodbye\n</ins>", html=True)
        self.assertEqual(Change.objects.filter(kind="recipe").count(), 1)

    def test_who_may_edit_only_some_of_its_deployments_may_not_edit_it(self):
        answer = self.client.post(reverse("cookbook:recipe-edit", args=["greet"]), {"code": "x"})
        self.assertEqual(answer.status_code, 403)

    def test_recipe_of_a_deleted_deployment_stays_protected(self):
        for change in ({"recipe": "greet"}, {"enabled": False}):
            self.cast.other.stages.update(**change)
            self.cast.other.deleted = self.cast.other.created
            self.cast.other.save()
            with self.subTest(change):
                for name in ("cookbook:recipe-edit", "cookbook:recipe-delete"):
                    answer = self.client.post(
                        reverse(name, args=["greet"]),
                        {"language": "shell", "code": "# Evil.\ncurl evil\n"},
                    )
                    self.assertContains(answer, "deleted ones included", status_code=403)
                page = self.client.get(reverse("cookbook:recipe", args=["greet"]))
                self.assertNotContains(page, reverse("cookbook:recipe-edit", args=["greet"]))
                self.assertContains(page, "1 deleted")
                self.assertNotContains(page, "shop other")
        self.assertEqual(RecipeCatalog().get("greet").code, "# Greets.\necho hello\n")

    def test_new_recipe_keeps_off_names_of_deleted(self):
        self.cast.gone.stages.create(name="tell", recipe="smoke-test")
        self.cast.gone.stages.create(name="ours", recipe="of-the-shop")
        for name in ("smoke-test", "of-the-shop"):
            answer = self.client.post(
                reverse("cookbook:recipe-new"),
                {"name": name, "language": "shell", "code": "curl evil\n"},
            )
            self.assertEqual(answer.status_code, 403, name)
        self.assertFalse(Recipe.objects.filter(name__in=["smoke-test", "of-the-shop"]).exists())

    def test_deleted_deployment_counts_by_its_permissions(self):
        self.cast.other.stages.all().delete()
        self.deployment.deleted = self.deployment.created
        self.deployment.save()
        address = reverse("cookbook:recipe-edit", args=["greet"])
        sent = {"language": "shell", "code": "# Greets.\necho goodbye\n"}
        self.assertEqual(self.client.post(address, sent).status_code, 403)  # edits nothing living
        Grant.objects.create(
            deployment=self.cast.other,
            level=Level.EDIT,
            group=self.cast.people["edit"].groups.get(),
        )
        self.assertEqual(self.client.post(address, sent).status_code, 302)
        elsewhere = self.client_of("edit elsewhere")
        self.assertEqual(elsewhere.post(address, sent).status_code, 403)
        self.assertContains(
            self.client_of("superuser").get(reverse("cookbook:recipe-delete", args=["greet"])),
            "1 deleted",
        )

    def test_a_new_recipe_cannot_take_over_what_others_use(self):
        Stage.objects.create(deployment=self.cast.other, name="tell", recipe="smoke-test")
        for name in ("smoke-test", " smoke-test", "smoke-test\t", "smoke-test\u2003"):
            answer = self.client.post(
                reverse("cookbook:recipe-new"),
                {"name": name, "language": "shell", "code": "curl evil\n"},
            )
            self.assertEqual(answer.status_code, 403, repr(name))
        self.assertFalse(RecipeCatalog().shadows("smoke-test"))

    def test_what_no_engine_would_run_is_refused_at_its_field(self):
        answer = self.client.post(
            reverse("cookbook:recipe-new"),
            {"name": "odd", "language": "shell", "code": "\ufeff# Odd.\necho\n"},
        )
        self.assertContains(answer, "Line 1: begins with a byte order mark", status_code=422)

    def test_where_it_is_used_is_reported_as_far_as_one_may_know(self):
        page = self.client.get(reverse("cookbook:recipe", args=["greet"]))
        self.assertContains(page, "shop mine")
        self.assertContains(page, "1 that you cannot see")
        self.assertNotContains(page, "shop other")

    def test_a_deleted_recipe_keeps_its_versions_and_its_pushes(self):
        boss = self.client_of("superuser")
        page = boss.get(reverse("cookbook:recipe-delete", args=["greet"]))
        self.assertContains(page, "These deployments can't be pushed")
        boss.post(reverse("cookbook:recipe-delete", args=["greet"]))
        self.assertIsNone(RecipeCatalog().get("greet"))
        self.assertEqual(Recipe.objects.get(name="greet").versions.count(), 1)
        self.assertEqual(
            self.deployment.pushes.first().snapshot["stages"][0]["code"], "echo hello\n"
        )

    def test_names_in_any_script_have_addresses(self):
        for name in ("приветствие", "a b&c?d#e%"):
            self.client.post(
                reverse("cookbook:recipe-new"),
                {"name": name, "language": "shell", "code": "# Greets.\necho\n"},
            )
            page = self.client.get(Recipe.objects.get(name=name).get_absolute_url())
            self.assertEqual(page.status_code, 200)

    def test_a_name_of_2010_has_every_page(self):
        boss = self.client_of("superuser")
        for name in (
            "git/clone",
            "a/edit",
            "a/delete",
            "a/versions/1",
            "1/2",
            "с/пробелом и/ё",
            "%2F",
        ):
            with self.subTest(name):
                sent = {"name": name, "language": "shell", "code": "# Greets.\necho\n"}
                page = boss.post(reverse("cookbook:recipe-new"), sent, follow=True)
                self.assertContains(page, f"<h1>{name}</h1>")
                boss.post(
                    reverse("cookbook:recipe-edit", args=[name]), {**sent, "code": "# New.\necho\n"}
                )
                page = boss.get(reverse("cookbook:recipe-version", args=[name, 2]))
                self.assertContains(page, "+ # New.")
                self.assertContains(
                    boss.get(reverse("cookbook:recipe", args=[name])),
                    reverse("cookbook:recipe-version", args=[name, 1]),
                )
                self.assertContains(boss.get(reverse("cookbook:recipes")), f">{name}</a>")
                self.assertContains(boss.get(reverse("main:search"), {"q": name}), f"{name} <span")
                boss.post(self.at("deployments:stage-new"), {"recipe": name, "enabled": "on"})
                self.assertEqual(self.deployment.stages.last().name, name)
                self.assertContains(
                    boss.get(self.at("deployments:stages")), f"<strong>{name}</strong>"
                )
                [*_, stage] = prepare_rows(self.deployment).stages
                self.assertEqual(stage.code, "# New.\necho\n")
                self.assertNotIn("/", file_name(1, stage))  # on the worker
                boss.post(reverse("cookbook:recipe-delete", args=[name]))
                self.assertEqual(boss.get(reverse("cookbook:recipe", args=[name])).status_code, 404)
                self.assertEqual(boss.get(self.at("deployments:stages")).status_code, 200)
                self.deployment.stages.last().delete()

    def test_a_name_that_no_address_can_have_is_refused(self):
        for name in ("/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a/.."):
            with self.subTest(name):
                answer = self.client.post(
                    reverse("cookbook:recipe-new"),
                    {"name": name, "language": "shell", "code": "# Greets.\necho\n"},
                )
                self.assertEqual(answer.status_code, 422)

    def test_python_2_is_reported_where_it_is_shown_and_where_it_is_written(self):
        Recipe.objects.create(name="old", language="python", code="# Old.\nprint 'x'\n")
        shown = "ine 2: this is Python 2, and recipes run in Python 3"
        self.assertContains(self.client.get(reverse("cookbook:recipe", args=["old"])), shown)
        self.assertContains(self.client.get(reverse("cookbook:recipes")), shown)
        Stage.objects.create(deployment=self.deployment, name="old", recipe="old", position=9)
        self.assertContains(self.client.get(self.at("deployments:stages")), shown)
        answer = self.client.post(self.at("pushes:push-new"), {"ref": "main"})
        self.assertContains(answer, shown, status_code=422)
        answer = self.client.post(
            reverse("cookbook:recipe-edit", args=["old"]),
            {"language": "python", "code": "# Old.\nprint 'y'\n"},
        )
        self.assertContains(answer, shown, status_code=422)

    def test_as_many_queries_for_many_recipes(self):
        with self.assertNumQueries(5):
            self.client.get(reverse("cookbook:recipes"))
        for number in range(20):
            Recipe.objects.create(name=f"r{number}", code="# Does.\necho\n")
        with self.assertNumQueries(5):
            self.client.get(reverse("cookbook:recipes"))
