"""Answers to surveys of a deployment's repository."""

import subprocess
import tempfile
from pathlib import Path

from django.test import TestCase, override_settings
from django.utils import timezone

from deployments.models import Application, Category, Deployment, Setting
from pushes import surveys

from ..models import Push
from ..run.survey import answer

TIED = """\
[deployments.production]
stages = ["greet", "git-clone"]

[deployments.production.settings]
GREETING = "hello"
TOKEN = { secret = true }

[deployments.production.flags.LOUD]
description = "shout"
default = true
"""


class Case(TestCase):
    """A deployment whose repository has three commits, and a branch beside them."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.repository = Path(place.name, "site.git")
        self.work = Path(place.name, "work")
        self.work.mkdir()
        self.git("init", "-q", "-b", "main")
        self.first, self.second, self.third = (self.commit(word) for word in ("1", "2", "3"))
        shop = Application.objects.create(
            name="shop", category=Category.objects.create(name="Sites")
        )
        self.deployment = Deployment.objects.create(application=shop, name="production")
        self.setting = Setting.objects.create(
            deployment=self.deployment, name="REPOSITORY", text=str(self.work)
        )
        own = override_settings(WORK_DIRECTORY=Path(place.name, "rolf"))
        own.enable()
        self.addCleanup(own.disable)

    def git(self, *words):
        return subprocess.run(
            ["git", "-c", "user.name=Anna", "-c", "user.email=a@example.org", *words],  # noqa: S607
            cwd=self.work,
            check=True,
            text=True,
            capture_output=True,
        ).stdout.strip()

    def commit(self, word):
        """Commit something, and return the commit."""
        self.git("commit", "-q", "--allow-empty", "-m", f"Say {word}")
        return self.git("rev-parse", "HEAD")

    def live(self, commit):
        """Make a push of that commit live."""
        Push.objects.create(
            deployment=self.deployment,
            user_name="anna",
            number=1,
            state="succeeded",
            commit=commit,
            ref="main",
            ended=timezone.now(),
        )

    def look(self, ref=""):
        survey = surveys.ask(self.deployment, ref)
        answer(survey.pk)
        survey.refresh_from_db()
        self.assertIsNotNone(survey.answered)
        return survey


class Commits(Case):
    """The commits between the live release and a ref."""

    def test_what_would_go_out_newest_first(self):
        self.live(self.first)
        found = self.look()
        self.assertEqual((found.fault, found.commit, found.since), ("", self.third, self.first))
        self.assertEqual([one["subject"] for one in found.added], ["Say 3", "Say 2"])
        self.assertEqual((found.added[0]["author"], found.added[0]["commit"]), ("Anna", self.third))
        self.assertEqual(found.removed, [])

    def test_what_a_rollback_would_take_away(self):
        self.live(self.third)
        found = self.look(self.first)
        self.assertEqual(found.added, [])
        self.assertEqual([one["commit"] for one in found.removed], [self.third, self.second])

    def test_another_branch_takes_away_and_adds(self):
        self.git("checkout", "-q", "-b", "beside", self.first)
        self.commit("beside")
        self.live(self.second)
        found = self.look("beside")
        self.assertEqual([one["subject"] for one in found.added], ["Say beside"])
        self.assertEqual([one["subject"] for one in found.removed], ["Say 2"])
        self.assertEqual(set(found.refs), {"main", "beside"})

    def test_where_nothing_is_live_nothing_is_compared(self):
        found = self.look()
        self.assertEqual((found.commit, found.added, found.removed), (self.third, None, None))

    def test_what_came_meanwhile_is_found_and_what_went_is_gone(self):
        self.git("branch", "old")
        self.assertIn("old", self.look().refs)
        self.git("branch", "-D", "old")
        self.live(self.third)
        fourth = self.commit("4")
        found = self.look()
        self.assertEqual([one["commit"] for one in found.added], [fourth])
        self.assertNotIn("old", found.refs)


class Faults(Case):
    """The answer is the error message."""

    def test_a_ref_that_is_not_there(self):
        self.assertIn("has no branch, tag or commit nowhere", self.look("nowhere").fault)

    def test_a_ref_that_would_be_an_option_is_none(self):
        self.assertIn("has no branch, tag or commit", self.look("--upload-pack=false").fault)

    def test_a_repository_that_is_not_there(self):
        self.setting.text = str(self.repository)
        self.setting.save()
        self.assertIn(str(self.repository), self.look().fault)

    def test_a_deployment_without_a_repository(self):
        self.setting.delete()
        self.assertEqual(self.look().fault, "The deployment has no setting REPOSITORY.")


class Tied(Case):
    """A deployment that is tied to the file in its repository."""

    def setUp(self):
        super().setUp()
        (self.work / "deploy/recipes").mkdir(parents=True)
        (self.work / "deploy/deployments.toml").write_text(TIED)
        (self.work / "deploy/recipes/greet.sh").write_text("# Greets.\necho $GREETING\n")
        self.git("add", ".")
        self.fourth = self.commit("tied")
        self.deployment.tied_to = "production"
        self.deployment.save()
        token = Setting(deployment=self.deployment, name="TOKEN", secret=True)
        token.value = "sesame"
        token.save()

    def test_it_shows_what_the_file_says_at_that_commit_and_no_secret(self):
        found = self.look()
        self.assertEqual(found.fault, "", found.fault)
        definition = found.definition
        self.assertEqual([stage["name"] for stage in definition["stages"]], ["greet", "git-clone"])
        self.assertIn("echo $GREETING", definition["stages"][0]["code"])
        self.assertEqual(definition["settings"]["GREETING"], "hello")
        self.assertEqual(definition["secrets"], ["TOKEN"])
        self.assertEqual(
            [(flag["name"], flag["default"]) for flag in definition["flags"]], [("LOUD", "1")]
        )
        self.assertNotIn("sesame", str(definition))

    def test_a_commit_without_the_file_says_so(self):
        self.assertIn("deploy", self.look(self.first).fault)
