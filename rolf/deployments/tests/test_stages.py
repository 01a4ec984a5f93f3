"""Pages of a deployment's stages."""

from cookbook.tests.test_pages import Case
from history.models import Change


class Stages(Case):
    """The list and the forms."""

    def names(self):
        return list(self.deployment.stages.values_list("name", flat=True))

    def add(self, *names):
        for name in names:
            self.client.post(
                self.at("deployments:stage-new"), {"recipe": "greet", "name": name, "enabled": "on"}
            )

    def test_a_recipe_becomes_a_stage(self):
        self.client.post(
            self.at("deployments:stage-new"),
            {"recipe": "smoke-test", "enabled": "on", "timeout": "1h30m"},
        )
        stage = self.deployment.stages.last()
        self.assertEqual(
            (stage.name, stage.recipe, stage.timeout, stage.position),
            ("smoke-test", "smoke-test", 5400, 1),
        )
        self.assertContains(self.client.get(self.at("deployments:stages")), "is missing")

    def test_switching_one_off_says_so_and_leads_back_to_it(self):
        stage = self.deployment.stages.get()
        for enabled, shown in (
            ("0", "Disabled the stage greet: pushes skip it."),
            ("1", "Enabled the stage greet."),
        ):
            answer = self.client.post(
                self.at("deployments:stage-move", stage.pk), {"enabled": enabled}
            )
            self.assertRedirects(
                answer,
                f"{self.at('deployments:stages')}#stage-{stage.pk}",
                fetch_redirect_response=False,
            )
            page = self.client.get(self.at("deployments:stages"))
            self.assertContains(page, shown)
            self.assertContains(page, f'id="stage-{stage.pk}"')

    def test_code_that_is_written_here_keeps_every_byte(self):
        code = "#!/usr/bin/env python3\nprint('Ёлкино \\'\"')\n\n\n"
        self.client.post(
            self.at("deployments:stage-new"),
            {
                "recipe": "",
                "name": "tell it",
                "language": "python",
                "enabled": "on",
                "code": code.replace("\n", "\r\n"),
            },
        )
        self.assertEqual(self.deployment.stages.last().code, code)

    def test_they_are_moved_by_buttons_and_all_at_once(self):
        self.add("a", "b")
        greet, a, b = self.deployment.stages.all()
        self.client.post(self.at("deployments:stage-move", b.pk), {"by": "-1"})
        self.assertEqual(self.names(), ["greet", "b", "a"])
        self.client.post(
            self.at("deployments:stage-move", greet.pk), {"by": "-1"}
        )  # it is the first already
        self.assertEqual(self.names(), ["greet", "b", "a"])
        theirs = self.cast.other.stages.get()
        self.client.post(
            self.at("deployments:stages-order"),
            {"order": [a.pk, theirs.pk, b.pk, "x", a.pk, greet.pk]},
        )
        self.assertEqual(self.names(), ["a", "b", "greet"])
        self.assertEqual(Change.objects.filter(kind="stage", deployment=self.cast.other).count(), 1)

    def test_one_that_is_off_is_left_out(self):
        stage = self.deployment.stages.get()
        self.client.post(self.at("deployments:stage-move", stage.pk), {"enabled": "0"})
        answer = self.client.post(self.at("pushes:push-new"), {"ref": "main"})
        self.assertContains(answer, "It has no stages", status_code=422)
        self.client.post(self.at("deployments:stage-move", stage.pk), {"enabled": "1"})
        stage.refresh_from_db()
        self.assertTrue(stage.enabled)

    def test_faults_are_reported_at_their_fields(self):
        for sent, fault in [
            ({"recipe": "", "name": "x", "code": " "}, "Enter code, or choose a recipe"),
            ({"recipe": "", "code": "echo"}, "with its own code needs one"),
            ({"recipe": "nowhere"}, "Select a valid choice"),
            ({"recipe": "greet", "name": "greet"}, "has a stage of that name"),
            ({"recipe": "greet", "name": "x", "timeout": "soon"}, "Not a duration"),
        ]:
            with self.subTest(fault):
                answer = self.client.post(self.at("deployments:stage-new"), sent)
                self.assertContains(answer, fault, status_code=422)

    def test_stages_of_another_deployment_are_not_there(self):
        theirs = self.cast.other.stages.get()
        for name in ("deployments:stage", "deployments:stage-delete", "deployments:stage-move"):
            self.assertEqual(self.client.post(self.at(name, theirs.pk)).status_code, 404)

    def test_of_a_tied_one_the_repository_says(self):
        self.deployment.tied_to = "production"
        self.deployment.save()
        self.assertContains(
            self.client.get(self.at("deployments:stages")), "Rolf has not read the file yet"
        )
        self.deployment.surveys.update(fault="deploy/deployments.toml:6: what is wrong")
        self.assertContains(self.client.get(self.at("deployments:stages")), "toml:6: what is wrong")
        self.deployment.surveys.update(
            definition={
                "stages": [
                    {
                        "name": "its own",
                        "recipe": "x",
                        "origin": "project",
                        "code": "echo <b>",
                        "timeout": None,
                    }
                ],
                "settings": {},
                "secrets": [],
                "flags": [],
            }
        )
        page = self.client.get(self.at("deployments:stages"))
        self.assertContains(page, "its own")
        self.assertContains(page, "echo &lt;b&gt;")
        self.assertNotContains(page, "New stage")
