"""What is pushed: categories of applications, and their deployments."""

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

from .encryption import decrypt, encrypt, fingerprint


class Category(models.Model):
    """A heading of the front page."""

    name = models.CharField(max_length=LONGEST, unique=True, validators=[check_name])

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["name"]

    def __str__(self):
        return self.name

    def history_fields(self):
        """Return what the history keeps of it."""
        return {"name": self.name}


class Application(models.Model):
    """Something that is pushed to one place or several: its deployments."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="applications")
    name = models.CharField(max_length=LONGEST, unique=True, validators=[check_name])

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def history_fields(self):
        """Return what the history keeps of it."""
        return {"name": self.name, "category": self.category.name}


class DeploymentQuerySet(models.QuerySet):
    """Deployments by what became of them."""

    def not_deleted(self):
        """All that haven't been deleted."""
        return self.filter(deleted=None)


class Deployment(models.Model):
    """Deleting one hides it: its pushes and its history stay, and it can be brought back.

    Times in seconds; None is no limit.
    """

    class OnFailure(models.TextChoices):
        """What if a stage fails once the new release is live."""

        HALT = "halt", "stop there"
        ROLLBACK = "rollback", "roll back"

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="deployments")
    name = models.CharField(max_length=LONGEST, validators=[check_name])
    description = models.TextField(blank=True)
    branch = models.CharField(max_length=200, default="main")
    timeout = models.FloatField(null=True, blank=True, default=900)
    idle_timeout = models.FloatField(null=True, blank=True)
    on_failure = models.CharField(
        max_length=10, choices=OnFailure, default=OnFailure.HALT)
    batch = models.CharField(max_length=10, blank=True)  # of hosts: a number, or "25%"
    max_failures = models.PositiveIntegerField(default=0)
    deprecated = models.BooleanField(default=False)
    # The deployment of the repository's own deployments.toml that this one is tied to.
    tied_to = models.CharField(max_length=LONGEST, blank=True)
    # Why nobody may push now, by whom and since when.
    closed = models.CharField(max_length=200, blank=True)
    closed_by = models.CharField(max_length=150, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # What its target was last seen to serve, if that isn't what Rolf has put there: a push of the
    # command line's, or of another deployment's: {"number", "commit", "ref", "by", "at"}.
    served = models.JSONField(null=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    deleted = models.DateTimeField(null=True, blank=True)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["application__name", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "name"], condition=models.Q(deleted=None),
                name="one_deployment_of_a_name",
                violation_error_message="The application has a deployment of that name."),
        ]

    def __str__(self):
        return f"{self.application.name} {self.name}"

    def get_absolute_url(self):
        """Its page."""
        return reverse("pushes:deployment", args=[self.pk])

    def clean(self):
        """Raise ValidationError for what git would take for something else."""
        try:
            ref(self.branch)
        except InvalidValue:
            raise ValidationError({"branch": "No branch or tag can have that name."}) from None

    @property
    def tied(self):
        """Whether its repository defines its stages, settings and flags."""
        return bool(self.tied_to)

    @property
    def may_edit(self):
        """Whether the user may edit it; ``granted`` is set by `access.Access.deployment`."""
        return self.granted >= Level.EDIT

    def history_fields(self):
        """Return what the history keeps of it."""
        kept = ["name", "description", "branch", "on_failure", "batch", "max_failures",
                "deprecated", "tied_to", "closed"]
        return {"application": self.application.name,
                "deleted": self.deleted is not None,
                **{name: getattr(self, name) for name in kept}, **history_times(self)}


def history_times(limited):
    """Return what the history keeps of the time limits of a Deployment or Stage: words, as 15m."""
    times = {name: getattr(limited, name) for name in ["timeout", "idle_timeout"]}
    return {name: render(seconds) if seconds else None for name, seconds in times.items()}


class Level(models.IntegerChoices):
    """Each includes those before it."""

    VIEW = 1, "view"
    PUSH = 2, "push"
    EDIT = 3, "edit"


class Grant(models.Model):
    """The members of a group may view, push or edit a deployment."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="grants")
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="grants")
    level = models.PositiveSmallIntegerField(choices=Level)

    class Meta:
        verbose_name = "permission"
        ordering = ["group__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "deployment"], name="one_grant_of_a_group",
                violation_error_message="The group has a permission here."),
        ]

    def __str__(self):
        return f"{self.group} may {self.get_level_display()}"

    def history_fields(self):
        """Return what the history keeps of it."""
        return {"group": self.group.name, "level": self.get_level_display()}


def setting_name(name):
    """Raise ValidationError if no setting may have that name."""
    try:
        check_setting_name(name)
    except InvalidValue as error:
        raise ValidationError(str(error)) from None


class Setting(models.Model):
    """A name and its value; of a secret one the value is sealed, and `text` is empty.

    REMOTE_HOSTS has a host a line.
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="settings")
    name = models.CharField(max_length=100, validators=[setting_name])
    text = models.TextField(blank=True)
    secret = models.BooleanField(default=False)
    sealed = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "name"], name="one_setting_of_a_name",
                violation_error_message="The deployment has a setting of that name."),
        ]

    def __str__(self):
        return self.name

    @property
    def value(self):
        """The text that stages get. Never shown of a secret."""
        return decrypt(self.sealed) if self.secret else self.text

    @value.setter
    def value(self, text):
        self.sealed, self.text = (encrypt(text), "") if self.secret else ("", text)

    @property
    def parsed(self):
        """The value as the engine has it: text, or the hosts' names."""
        if self.name == "REMOTE_HOSTS":
            return parse(self.name, self.text.split())
        return parse(self.name, self.value)

    def clean(self):
        """Raise ValidationError for what no stage could be given."""
        told = {*SHOWN, ADDRESS}
        if self.secret and self.name in told:
            raise ValidationError(
                {"secret": f"{self.name} is shown with each push, so it can't be secret."})
        try:
            check_text(self.value)
            if self.name in told and self.text:
                _ = self.parsed
        except InvalidValue as error:
            raise ValidationError({"text": str(error)}) from None

    def history_fields(self):
        """Return what the history keeps of it; of a secret, whether it is the same."""
        if self.secret:
            return {"secret": True, "value": fingerprint(decrypt(self.sealed))}
        return {"secret": False, "value": self.text}


class Flag(models.Model):
    """A switch (`1` or empty) or a text that each push may give another value."""

    class Kind(models.TextChoices):
        """How it is asked for."""

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
                fields=["deployment", "name"], name="one_flag_of_a_name",
                violation_error_message="The deployment has a flag of that name."),
        ]

    def __str__(self):
        return self.name

    def clean(self):
        """Raise ValidationError for what no deployments.toml could say."""
        try:
            one_line(self.description or "-")
        except InvalidValue:
            raise ValidationError({"description": "Write text in one line."}) from None

    def to_engine(self):
        """Return the engine's Flag."""
        default = bool(self.default) if self.kind == self.Kind.SWITCH else self.default
        return EngineFlag(name=self.name, description=self.description, default=default)

    def history_fields(self):
        """Return what the history keeps of it."""
        return {name: getattr(self, name) for name in ["description", "kind", "default"]}


class Stage(models.Model):
    """A recipe of the cookbook, by name, or code of the deployment's own.

    Times in seconds; None leaves it to the deployment.
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
                fields=["deployment", "name"], name="one_stage_of_a_name",
                violation_error_message="The deployment has a stage of that name."),
        ]

    def __str__(self):
        return self.name

    def history_fields(self):
        """Return what the history keeps of it."""
        kept = ["name", "position", "recipe", "language", "code", "enabled"]
        return {name: getattr(self, name) for name in kept} | history_times(self)


class Survey(models.Model):
    """What is at a ref, and what would go out with it; asked for by a page, answered by a worker.

    `refs` are names of branches and tags, newest first. `added` and `removed` are commits
    against the push that is live: {"commit", "subject", "author", "at"}, newest first; None where
    they aren't known. Of a tied deployment `definition` is what its file says at that commit.
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="surveys")
    ref = models.CharField(max_length=200)
    asked = models.DateTimeField()
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
