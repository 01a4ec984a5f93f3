"""Objects for the matrix tests: two deployments with all that belongs to them, and users."""

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from api.models import Token
from cookbook.models import Recipe
from deployments.models import (
    Application,
    Category,
    Deployment,
    Flag,
    Grant,
    Level,
    Setting,
    Stage,
    Survey,
)
from history.models import record_change
from pushes.models import LogChunk, Push, Worker

# Users by their permission on the deployment of the request.
PEOPLE = ["anonymous", "no permission", "view", "push", "edit", "edit elsewhere", "superuser"]
NO_SESSION = "00000000-0000-4000-8000-000000000000"  # in addresses that end a session
LEVELS = {"view": Level.VIEW, "push": Level.PUSH, "edit": Level.EDIT, "superuser": Level.EDIT}


class Cast:
    """Two deployments, `mine` and `other`; users by name; objects by their name in URLs."""

    def __init__(self):
        """Create all objects."""
        self.people = {"anonymous": None}
        self.application = Application.objects.create(
            name="shop", category=Category.objects.create(name="Sites")
        )
        self.mine, self.other = self._deployment("mine"), self._deployment("other")
        self.gone = self._deployment("gone", deleted=timezone.now())
        for name, deployment, level in [
            ("no permission", None, None),
            ("view", self.mine, Level.VIEW),
            ("push", self.mine, Level.PUSH),
            ("edit", self.mine, Level.EDIT),
            ("edit elsewhere", self.other, Level.EDIT),
        ]:
            self.people[name] = self._person(name, deployment, level)
        self.people["superuser"] = get_user_model().objects.create_superuser("superuser")
        self.recipe = Recipe.objects.create(name="greet", code="# Greets.\necho hello\n")
        self.recipe.versions.create(number=1, code=self.recipe.code, by_name="edit")
        for deployment in (self.mine, self.other):
            self._fill(deployment)
        self.passkey = self._passkey(self.people["edit"])

    def value(self, parameter, deployment):
        """Return what an address has for that parameter: something of the deployment, if it can be.

        None if nothing is known by that name.
        """
        token = Token.objects.filter(user=self.people["edit"]).first
        values = {
            "deployment_id": lambda: deployment.pk,
            "worker_id": lambda: (Worker.objects.filter(ended=None).first() or self.worker()).pk,
            "address": lambda: deployment.pushes.first(),
            "push_id": lambda: deployment.pushes.first().pk,
            "setting_id": lambda: deployment.settings.first().pk,
            "flag_id": lambda: deployment.flags.first().pk,
            "stage_id": lambda: deployment.stages.first().pk,
            "grant_id": lambda: deployment.grants.first().pk,
            "survey_id": lambda: deployment.surveys.first().pk,
            "change_id": lambda: deployment.changes.first().pk,
            "deleted_id": lambda: self.gone.pk,
            "application_id": lambda: self.application.pk,
            "category_id": lambda: self.application.category_id,
            "user_id": lambda: self.people["view"].pk,
            "group_id": lambda: Group.objects.first().pk,
            "token_id": lambda: token().pk,
            "session": lambda: NO_SESSION,
            "name": lambda: self.recipe.name,
            "passkey_id": lambda: self.passkey.pk,
            "recipe_id": lambda: self.recipe.pk,
            "number": lambda: 1,
        }
        return values[parameter]() if parameter in values else None

    def worker(self):
        """Return a worker with a recent heartbeat."""
        return Worker.objects.create(name="alive", machine="here", pid=1, beat=timezone.now())

    def _deployment(self, name, **more):
        return Deployment.objects.create(application=self.application, name=name, **more)

    def _person(self, name, deployment, level):
        person = get_user_model().objects.create_user(name)
        group = Group.objects.create(name=f"may {name}")
        person.groups.add(group)
        if deployment:
            Grant.objects.create(group=group, deployment=deployment, level=level)
        Token.objects.create(user=person, name="mine", digest=name, hint="rolf_", level=Level.PUSH)
        return person

    def _passkey(self, user):
        """Return a passkey of the user, or None if the installation has no second factor."""
        if not apps.is_installed("login.second_factor"):
            return None
        credentials = apps.get_model("django_otp_webauthn", "WebAuthnCredential").objects
        return credentials.create(user=user, name="laptop", credential_id=b"1", public_key=b"1")

    def _fill(self, deployment):
        stage = Stage(deployment=deployment, name="greet", recipe="greet")
        with record_change(self.people["superuser"], stage, deployment):
            stage.save()
        Setting.objects.create(deployment=deployment, name="GREETING", text="hello")
        Flag.objects.create(deployment=deployment, name="SHOUT", description="loudly")
        Survey.objects.create(
            deployment=deployment,
            ref="main",
            asked=timezone.now(),
            answered=timezone.now(),
            refs=["main"],
        )
        if not deployment.grants.exists():
            group = Group.objects.create(name=f"may view {deployment.name}")
            Grant.objects.create(group=group, deployment=deployment, level=Level.VIEW)
        # Each has numbers of its own, so that an address with another's number leads nowhere.
        for number in (1, 2) if deployment == self.mine else (1001, 1002):
            self._push(deployment, number)

    def _push(self, deployment, number):
        now = timezone.now()
        at = now.isoformat()
        data = b"hello\n"
        record = {
            "id": number,
            "state": "succeeded",
            "comment": "",
            "user": "push",
            "ref": "main",
            "commit": "c" * 40,
            "started": at,
            "ended": at,
            "deployment": deployment.name,
            "settings": {},
            "outputs": {},
            "stages": [
                {
                    "name": "greet",
                    "state": "succeeded",
                    "started": at,
                    "ended": at,
                    "exit": 0,
                    "seconds": 0.1,
                    "reason": "",
                }
            ],
        }
        snapshot = {
            **record,
            "stages": [{"name": "greet", "recipe": "greet.sh", "code": "echo hello\n"}],
        }
        push = Push.objects.create(
            deployment=deployment,
            number=number,
            state="succeeded",
            user=self.people["push"],
            user_name="push",
            ref="main",
            commit="c" * 40,
            started=now,
            ended=now,
            snapshot=snapshot,
            record=record,
            marks={"0": {"line": 0}},
            log_lines=1,
            log_bytes=len(data),
            version=3,
        )
        LogChunk.objects.create(
            push=push,
            sequence=0,
            offset=0,
            first_line=0,
            last_line=1,
            data=data,
            spans=[[len(data), 0, "stdout", now.timestamp(), ""]],
        )
