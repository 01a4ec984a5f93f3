"""From rows to the engine's deployment: complete, or all problems at once."""

import tempfile
from pathlib import Path

from django.conf import settings
from django.test import TestCase
from django.utils import timezone

from cookbook.models import Recipe
from deployments.models import Flag, Setting, Stage
from main.tests.cast import Cast

from ..prepare import (
    Refused,
    directory,
    from_plan,
    prepare_hosts,
    prepare_repository,
    prepare_rows,
    secrets_of,
)

DEFINITION = """
[deployments.live]
stages = ["greet"]
timeout = "2m"
settings.GREETING = "from the file"
settings.REPOSITORY = "/srv/theirs"
settings.TOKEN = {secret = true}
flags.SHOUT.default = false
flags.WORD.default = "hm"
"""


class Case(TestCase):
    """A deployment with a stage of the cookbook, a setting and a flag."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()

    def setUp(self):
        self.deployment = self.cast.mine
        self.stage = self.deployment.stages.get()

    def give(self, name, text, **more):
        """Give the deployment a setting."""
        setting = Setting(deployment=self.deployment, name=name, **more)
        setting.value = text
        setting.save()

    def add(self, name, **more):
        """Give the deployment one more stage, the last."""
        return Stage.objects.create(deployment=self.deployment, name=name, position=9, **more)

    def faults(self, function=prepare_rows, *arguments, **more):
        """Return the problems."""
        with self.assertRaises(Refused) as caught:
            function(self.deployment, *arguments, **more)
        return caught.exception.faults


class Rows(Case):
    """What a push gets."""

    def test_stages_come_in_their_order_each_with_its_code_and_its_times(self):
        self.add("last", code="echo last\n", timeout=5)
        self.add("off", code="echo off\n", enabled=False)
        first, last = prepare_rows(self.deployment).stages
        self.assertEqual(
            (first.name, first.code, first.origin, first.timeout),
            (self.stage.name, "# Greets.\necho hello\n", "cookbook", 900),
        )
        self.assertEqual(
            (last.name, last.code, last.origin, last.timeout),
            ("last", "echo last\n", "deployment", 5),
        )

    def test_values_are_neither_trimmed_nor_expanded(self):
        odd = "  one\n'two' \"three\" $HOME `id` \\n\n\tЁлкино \n"
        self.give("ODD", odd)
        self.give("ODD_SECRET", odd.upper(), secret=True)
        prepared = prepare_rows(self.deployment)
        self.assertEqual(prepared.settings["ODD"], odd)
        self.assertEqual(prepared.secrets, {"ODD_SECRET": odd.upper()})
        self.assertNotIn("ODD_SECRET", prepared.settings)
        self.assertEqual(secrets_of(self.deployment), {"ODD_SECRET": odd.upper()})

    def test_newlines_of_a_browsers_form_are_ones_of_unix_in_a_script(self):
        self.add("typed", code="echo one\r\necho two\r\n")
        self.assertEqual(prepare_rows(self.deployment).stages[-1].code, "echo one\necho two\n")

    def test_flags_take_their_default_or_what_the_push_says(self):
        Flag.objects.create(deployment=self.deployment, name="WORD", kind="text", default="hm")
        self.assertEqual(prepare_rows(self.deployment).flags, {"SHOUT": "", "WORD": "hm"})
        self.assertEqual(
            prepare_rows(self.deployment, flags={"SHOUT": "yes", "WORD": ""}).flags,
            {"SHOUT": "1", "WORD": ""},
        )

    def test_a_stage_that_is_skipped_stays_and_says_why(self):
        [stage] = prepare_rows(self.deployment, skip=[self.stage.name]).stages
        self.assertEqual(stage.skipped, "skipped by hand")

    def test_the_shops_recipe_goes_before_the_engines_of_that_name(self):
        Recipe.objects.create(name="activate-release", code="echo ours\n")
        self.add("live", recipe="activate-release")
        self.assertEqual(prepare_rows(self.deployment).stages[-1].code, "echo ours\n")

    def test_it_takes_as_many_queries_for_many_stages_as_for_one(self):
        with self.assertNumQueries(4):  # settings, flags, stages, recipes
            prepare_rows(self.deployment)
        for number in range(20):
            self.add(f"more {number}", recipe="greet")
        with self.assertNumQueries(4):
            prepare_rows(self.deployment)

    def test_each_deployment_has_a_directory_of_its_own(self):
        self.assertEqual(
            directory(self.deployment), settings.WORK_DIRECTORY / str(self.deployment.pk)
        )
        self.assertNotEqual(directory(self.deployment), directory(self.cast.other))

    def test_what_a_plan_was_made_of_does_not_change_with_the_deployment(self):
        self.give("TOKEN", "open sesame", secret=True)
        plan = prepare_rows(self.deployment, flags={"SHOUT": "1"}).plan(
            number=7, comment="", ref="main", commit="", who="ben"
        )
        self.deployment.settings.all().delete()
        self.deployment.stages.all().delete()
        again = from_plan(self.deployment, plan, resolves_git=False)
        self.assertEqual(
            (again.stages, again.settings, again.flags, again.secrets),
            (plan.stages, plan.settings, plan.flags, {"TOKEN": "open sesame"}),
        )

    def test_where_it_goes_is_known_without_stages(self):
        self.deployment.stages.all().delete()
        self.assertEqual(prepare_hosts(self.deployment).settings["GREETING"], "hello")


class Faults(Case):
    """Deployments that can't be pushed."""

    def test_all_of_them_are_reported_and_each_once(self):
        self.add("build", recipe="gret")
        self.add("check", code="# needs: DOMAIN\necho $DOMAIN\n")
        self.give("REMOTE_HOST", "-oProxyCommand=evil")
        self.deployment.batch = "none"
        Flag.objects.create(deployment=self.deployment, name="WORD", kind="text")
        faults = self.faults(flags={"SHUOT": "1", "WORD": "a\0b"}, skip=["nothing"])
        for found in [
            f"No flag of {self.deployment.name} is called SHUOT",
            f"No stage of {self.deployment.name} is called nothing",
            'No recipe is called "gret" (stage "build"); did you mean "greet"?',
            "needs the setting DOMAIN",
            "The setting REMOTE_HOST",
            "The flag WORD: ",
            'The batch is "none"',
        ]:
            self.assertIn(found, "\n".join(faults))
        self.assertEqual(len(faults), len(set(faults)))

    def test_one_without_stages(self):
        self.stage.enabled = False
        self.stage.save()
        self.assertEqual(self.faults(), ["It has no stages."])

    def test_a_need_is_met_by_settings_secrets_and_flags_not_by_empty_ones(self):
        self.add("check", code="# needs: TOKEN SHOUT GREETING RELEASE\necho\n")
        self.assertIn(
            "needs the setting TOKEN, which this deployment doesn't have", "\n".join(self.faults())
        )
        self.give("TOKEN", "open sesame", secret=True)
        prepare_rows(self.deployment)
        Setting.objects.filter(name="GREETING").update(text="")
        self.assertEqual(
            self.faults(), ['The stage "check" needs the setting GREETING, which is empty.']
        )

    def test_a_stage_that_is_skipped_needs_nothing(self):
        self.add("check", code="# needs: DOMAIN\necho\n")
        self.assertEqual(len(self.faults()), 1)
        prepare_rows(self.deployment, skip=["check"])

    def test_a_recipe_that_was_deleted_is_named(self):
        Recipe.objects.update(deleted=timezone.now())
        [fault] = self.faults()
        self.assertIn('No recipe is called "greet"', fault)

    def test_a_setting_that_holds_a_secrets_value_is_reported_without_it(self):
        self.give("TOKEN", "open sesame", secret=True)
        self.give("ADDRESS", "user:open sesame@db")
        [fault] = self.faults()
        self.assertIn("ADDRESS", fault)
        self.assertNotIn("sesame", fault)

    def test_a_secret_that_was_encrypted_with_another_key_says_so(self):
        self.give("TOKEN", "open sesame", secret=True)
        Setting.objects.filter(name="TOKEN").update(encrypted="gAAAAAx")
        for function in (prepare_rows, secrets_of, prepare_hosts):
            [fault] = self.faults(function)
            self.assertIn("The setting TOKEN: the secret was encrypted with a key", fault)


class Tied(Case):
    """A tied deployment."""

    def setUp(self):
        super().setUp()
        self.deployment.tied_to = "live"
        self.give("TOKEN", "open sesame", secret=True)
        self.give("REPOSITORY", "/srv/ours")
        self.checkout = Path(self.enterContext(tempfile.TemporaryDirectory()))
        recipes = self.checkout / "deploy/recipes"
        recipes.mkdir(parents=True)
        (recipes / "greet.sh").write_text("echo theirs\n")
        (self.checkout / "deploy/deployments.toml").write_text(DEFINITION)

    def test_stages_settings_and_flags_are_the_files_and_secrets_ours(self):
        prepared = prepare_repository(
            self.deployment, self.checkout, flags={"SHOUT": "1", "WORD": ""}
        )
        self.assertEqual([stage.code for stage in prepared.stages], ["echo theirs\n"])
        self.assertEqual(prepared.settings["GREETING"], "from the file")
        self.assertEqual(prepared.settings["REPOSITORY"], "/srv/ours")
        self.assertEqual(dict(prepared.secrets), {"TOKEN": "open sesame"})
        self.assertEqual(dict(prepared.flags), {"SHOUT": "1", "WORD": ""})
        self.assertEqual(prepared.project, directory(self.deployment))

    def test_where_its_repository_is_only_rolf_needs_to_know(self):
        (self.checkout / "deploy/deployments.toml").write_text(
            DEFINITION.replace('settings.REPOSITORY = "/srv/theirs"\n', "").replace(
                '["greet"]', '["git-clone"]'
            )
        )
        prepared = prepare_repository(self.deployment, self.checkout)
        self.assertEqual(prepared.settings["REPOSITORY"], "/srv/ours")
        self.assertTrue(prepared.resolves_git)

    def test_a_secret_of_the_file_that_has_no_value_here_is_reported(self):
        self.deployment.settings.filter(name="TOKEN").delete()
        [fault] = self.faults(prepare_repository, self.checkout)
        self.assertIn("give the deployment a secret setting TOKEN", fault)

    def test_what_is_wrong_with_the_file_is_reported_with_all_else(self):
        (self.checkout / "deploy/deployments.toml").write_text(
            DEFINITION.replace('"greet"', '"gret"').replace("2m", "soon")
        )
        self.deployment.settings.filter(name="TOKEN").delete()
        faults = self.faults(
            prepare_repository, self.checkout, flags={"SHUOT": "1"}, skip=["nothing"]
        )
        self.assertEqual(len(faults), 5)
        for found in ["soon", '"gret"', "TOKEN", "SHUOT", "nothing"]:
            self.assertIn(found, "\n".join(faults))

    def test_a_stage_and_a_flag_that_it_does_not_have(self):
        self.assertIn(
            "nothing", "\n".join(self.faults(prepare_repository, self.checkout, skip=["nothing"]))
        )
        self.assertIn(
            "SHUOT", "\n".join(self.faults(prepare_repository, self.checkout, flags={"SHUOT": "1"}))
        )
