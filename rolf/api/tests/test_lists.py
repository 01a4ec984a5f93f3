"""Lists: visible items, pages, and a constant number of queries."""

from django.utils import timezone

from api.models import Token

from .caller import Caller, made
from .test_pushes import Case


class Lists(Case):
    """Pages of deployments and of pushes."""

    def test_all_pages_together_are_all_pushes_newest_first(self):
        found, address = [], f"{self.address}/pushes?limit=1"
        while address:
            data = self.caller.get(address).json()
            found += [push["id"] for push in data["items"]]
            address = data["next"]
        self.assertEqual(found, [push.pk for push in self.deployment.pushes.all()])

    def test_a_thousand_pushes_take_as_many_queries_as_one(self):
        with self.captureOnCommitCallbacks(execute=True):
            self.caller.get(self.address)  # keeps when the token was used
        with self.assertNumQueries(3):  # token, deployment, pushes
            self.caller.get(f"{self.address}/pushes?limit=1")
        made_of = {"deployment": self.deployment, "state": "succeeded"}
        model = type(self.push)
        model.objects.bulk_create(model(**made_of, number=number) for number in range(3, 1003))
        with self.assertNumQueries(3):
            data = self.caller.get(f"{self.address}/pushes?limit=200").json()
        self.assertEqual(len(data["items"]), 200)

    def test_a_token_of_chosen_deployments_takes_no_more_queries(self):
        token, text = made(self.cast.people["push"])
        token.chosen.set([self.deployment])
        Token.objects.filter(pk=token.pk).update(all_deployments=False, used=timezone.now())
        with self.captureOnCommitCallbacks(execute=True):
            Caller(text).get("/api/deployments")
        with self.assertNumQueries(3):
            Caller(text).get(f"{self.address}/pushes")

    def test_only_deployments_that_are_seen_are_listed(self):
        data = self.caller.get("/api/deployments").json()
        self.assertEqual([one["name"] for one in data["items"]], ["mine"])
        everything = Caller(made(self.cast.people["superuser"])[1])
        self.assertEqual(len(everything.get("/api/deployments").json()["items"]), 2)

    def test_deployments_are_found_by_name_and_application(self):
        caller = Caller(made(self.cast.people["superuser"])[1])
        data = caller.get("/api/deployments?application=shop&name=other").json()
        self.assertEqual([one["id"] for one in data["items"]], [self.cast.other.pk])
        self.assertEqual(caller.get("/api/deployments?application=sho").json()["items"], [])

    def test_a_deployment_lists_the_options_of_a_push(self):
        data = self.caller.get(self.address).json()
        self.assertEqual([flag["name"] for flag in data["flags"]], ["SHOUT"])
        self.assertEqual((data["stages"], data["level"]), (["greet"], "push"))
        self.assertEqual(data["last_success"]["id"], self.push.pk)
        self.assertIsNone(data["running"])
