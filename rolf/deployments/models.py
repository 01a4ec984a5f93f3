"""Deployments with their rows, grouped by applications and categories."""

from bootstrapper.deploy.definition.duration import render
from bootstrapper.deploy.definition.flag import Flag as EngineFlag
from bootstrapper.deploy.definition.schema import InvalidValue, one_line, ref
from bootstrapper.deploy.definition.setting import (
    ADDRESS,
    SHOWN,
    check_text,
    parse,
)
from bootstrapper.deploy.definition.setting import check_name as check_setting_name
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

from cookbook.models import Language
from cookbook.names import LONGEST, check_name, check_recipe_name
from encryption.fernet import decrypt, encrypt, fingerprint

from .labels import LONGEST as LABELS


class Category(models.Model):
    """A group of applications; a heading on the front page."""

    name = models.CharField(max_length=LONGEST, unique=True, validators=[check_name])

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["name"]

    def __str__(self):
        return self.name

    def history_fields(self):
        """Return the values that the history records."""
        return {"name": self.name}


class Application(models.Model):
    """An application, which has a deployment for each place that it is pushed to."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="applications")
    name = models.CharField(max_length=LONGEST, unique=True, validators=[check_name])

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def history_fields(self):
        """Return the values that the history records."""
        return {"name": self.name, "category": self.category.name}


class DeploymentQuerySet(models.QuerySet):
    """Deployments, by state."""

    def not_deleted(self):
        """Return the deployments that are not marked as deleted."""
        return self.filter(deleted=None)


class Deployment(models.Model):
    """A place that an application is pushed to, with all that a push needs.

    A deleted deployment is only marked as such: it keeps its pushes and history, and can be
    restored. Times are in seconds; None is no limit.
    """

    class OnFailure(models.TextChoices):
        """What to do if a stage fails after the new release is live."""

        HALT = "halt", "stop there"
        ROLLBACK = "rollback", "roll back"

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="deployments"
    )
    name = models.CharField(max_length=LONGEST, validators=[check_name])
    description = models.TextField(blank=True)
    branch = models.CharField(max_length=200, default="main")
    timeout = models.FloatField(null=True, blank=True, default=900)
    idle_timeout = models.FloatField(null=True, blank=True)
    on_failure = models.CharField(max_length=10, choices=OnFailure, default=OnFailure.HALT)
    batch = models.CharField(max_length=10, blank=True)  # of hosts: a number, or "25%"
    max_failures = models.PositiveIntegerField(default=0)
    deprecated = models.BooleanField(default=False)
    labels = models.CharField(max_length=LABELS, blank=True, db_default="")  # of its workers
    # The name of the deployment in the repository's deployments.toml; empty if it is not tied.
    tied_to = models.CharField(max_length=LONGEST, blank=True)
    # A locked deployment can't be pushed: the reason, the user who locked it, and when.
    lock_reason = models.CharField(max_length=200, blank=True, db_column="closed")
    locked_by = models.CharField(max_length=150, blank=True, db_column="closed_by")
    locked_at = models.DateTimeField(null=True, blank=True, db_column="closed_at")
    # The release that was last seen live, if Rolf did not push it as this deployment but the
    # command line or another deployment did: {"number", "commit", "ref", "by", "at"}.
    served = models.JSONField(null=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    deleted = models.DateTimeField(null=True, blank=True)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["application__name", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "name"],
                condition=models.Q(deleted=None),
                name="one_deployment_of_a_name",
                violation_error_message="The application has a deployment of that name.",
            ),
        ]

    def __str__(self):
        return f"{self.application.name} {self.name}"

    def get_absolute_url(self):
        """Return the URL of the deployment's page."""
        return reverse("pushes:deployment", args=[self.pk])

    def clean(self):
        """Raise ValidationError if git would not take the branch for a branch or tag."""
        try:
            ref(self.branch)
        except InvalidValue:
            raise ValidationError(
                {"branch": "This is not a valid name of a branch or tag."}
            ) from None

    @property
    def tied(self):
        """Whether its repository defines its stages, settings and flags."""
        return bool(self.tied_to)

    @property
    def may_edit(self):
        """Whether the user may edit it; ``granted`` is set by `access.Access.deployment`."""
        return self.granted >= Level.EDIT

    def history_fields(self):
        """Return the values that the history records."""
        kept = [
            "name",
            "description",
            "branch",
            "on_failure",
            "batch",
            "max_failures",
            "deprecated",
            "labels",
            "tied_to",
            "lock_reason",
        ]
        return {
            "application": self.application.name,
            "deleted": self.deleted is not None,
            **{name: getattr(self, name) for name in kept},
            **history_times(self),
        }


def history_times(limited):
    """Return the time limits of a Deployment or Stage for the history, as text such as 15m."""
    times = {name: getattr(limited, name) for name in ["timeout", "idle_timeout"]}
    return {name: render(seconds) if seconds else None for name, seconds in times.items()}


class Level(models.IntegerChoices):
    """A permission on a deployment; each level includes the lower ones."""

    VIEW = 1, "view"
    PUSH = 2, "push"
    EDIT = 3, "edit"


class Grant(models.Model):
    """The permission of a group on a deployment."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="grants")
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="grants")
    level = models.PositiveSmallIntegerField(choices=Level)

    class Meta:
        verbose_name = "permission"
        ordering = ["group__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "deployment"],
                name="one_grant_of_a_group",
                violation_error_message="The group has a permission here.",
            ),
        ]

    def __str__(self):
        return f"{self.group} may {self.get_level_display()}"

    def history_fields(self):
        """Return the values that the history records."""
        return {"group": self.group.name, "level": self.get_level_display()}


def setting_name(name):
    """Raise ValidationError if a setting must not have that name."""
    try:
        check_setting_name(name)
    except InvalidValue as error:
        raise ValidationError(str(error)) from None


class Setting(models.Model):
    """A name and a value for stages; a secret value is in `encrypted`.

    REMOTE_HOSTS has one host per line.
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="settings")
    name = models.CharField(max_length=100, validators=[setting_name])
    text = models.TextField(blank=True)
    secret = models.BooleanField(default=False)
    encrypted = models.TextField(blank=True, editable=False, db_column="sealed")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "name"],
                name="one_setting_of_a_name",
                violation_error_message="The deployment has a setting of that name.",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def value(self):
        """The text that stages get; pages never show that of a secret."""
        return decrypt(self.encrypted) if self.secret else self.text

    @value.setter
    def value(self, text):
        self.encrypted, self.text = (encrypt(text), "") if self.secret else ("", text)

    @property
    def parsed(self):
        """The value as the engine expects it: text, or a tuple of hosts."""
        if self.name == "REMOTE_HOSTS":
            return parse(self.name, self.text.split())
        return parse(self.name, self.value)

    def clean(self):
        """Raise ValidationError for a value that stages could not get."""
        shown = {*SHOWN, ADDRESS}
        if self.secret and self.name in shown:
            raise ValidationError({"secret": f"{self.name} can't be secret: each push shows it."})
        try:
            check_text(self.value)
            if self.name in shown and self.text:
                _ = self.parsed
        except InvalidValue as error:
            raise ValidationError({"text": str(error)}) from None

    def history_fields(self):
        """Return the values that the history records; a fingerprint instead of a secret."""
        if self.secret:
            return {"secret": True, "value": fingerprint(decrypt(self.encrypted))}
        return {"secret": False, "value": self.text}


class Flag(models.Model):
    """A checkbox (1 or empty) or a text, whose value each push can set."""

    class Kind(models.TextChoices):
        """How the push form shows it."""

        SWITCH = "switch", "checkbox"
        TEXT = "text", "text"

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="flags")
    name = models.CharField(max_length=100, validators=[setting_name])
    description = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SWITCH)
    default = models.CharField(max_length=1000, blank=True)  # of a switch "1" or empty

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "name"],
                name="one_flag_of_a_name",
                violation_error_message="The deployment has a flag of that name.",
            ),
        ]

    def __str__(self):
        return self.name

    def clean(self):
        """Raise ValidationError if a deployments.toml could not have the flag."""
        try:
            one_line(self.description or "-")
        except InvalidValue:
            raise ValidationError({"description": "Write the text in one line."}) from None

    def to_engine(self):
        """Return the engine's Flag."""
        default = bool(self.default) if self.kind == self.Kind.SWITCH else self.default
        return EngineFlag(name=self.name, description=self.description, default=default)

    def history_fields(self):
        """Return the values that the history records."""
        return {name: getattr(self, name) for name in ["description", "kind", "default"]}


class Stage(models.Model):
    """A step of a push: a recipe of the cookbook, or code of its own.

    Times are in seconds; None uses the deployment's.
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="stages")
    position = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=LONGEST, validators=[check_recipe_name])
    recipe = models.CharField(max_length=LONGEST, blank=True)
    language = models.CharField(max_length=10, choices=Language, default=Language.SHELL)
    code = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)
    timeout = models.FloatField(null=True, blank=True)
    idle_timeout = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "name"],
                name="one_stage_of_a_name",
                violation_error_message="The deployment has a stage of that name.",
            ),
        ]

    def __str__(self):
        return self.name

    def history_fields(self):
        """Return the values that the history records."""
        kept = ["name", "position", "recipe", "language", "code", "enabled"]
        return {name: getattr(self, name) for name in kept} | history_times(self)


class Survey(models.Model):
    """The commits that a push of a ref would bring; a page requests it, a worker answers.

    `refs` are names of branches and tags, newest first. `added` and `removed` are commits
    compared with the live push: {"commit", "subject", "author", "at"}, newest first; None if
    unknown. `definition` is what the file of a tied deployment says at that commit.
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="surveys")
    ref = models.CharField(max_length=200)
    asked = models.DateTimeField()
    claimed = models.DateTimeField(null=True, blank=True)  # when a worker began to look
    answered = models.DateTimeField(null=True, blank=True)
    fault = models.TextField(blank=True)
    commit = models.CharField(max_length=64, blank=True)
    since = models.CharField(max_length=64, blank=True)  # the commit that is live
    refs = models.JSONField(default=list)
    added = models.JSONField(null=True)
    removed = models.JSONField(null=True)
    definition = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deployment", "ref"], name="one_survey_of_a_ref"),
        ]

    def __str__(self):
        return f"{self.deployment} at {self.ref}"
