"""A deployment made after another one."""

from django.db import transaction

from history.models import record_change

from .models import Deployment, Grant, Level, Setting

OF_ITS_OWN = {"id", "name", "application", "created", "deleted", "closed", "closed_by",
              "closed_at"}


@transaction.atomic
def clone(source, user, *, application, name, permissions, secrets):
    """Return a deployment with the stages, settings and flags of `source`, which `user` may edit.

    Without `permissions` it has those by which `user` may edit the source; without `secrets`
    their values are empty.
    """
    made = Deployment(application=application, name=name, **{
        field.name: getattr(source, field.name) for field in Deployment._meta.concrete_fields
        if field.name not in OF_ITS_OWN})
    with record_change(user, made, made):
        made.full_clean()
        made.save()
    for row in [*source.stages.all(), *source.flags.all(), *source.settings.all(),
                *_grants(source, user, permissions)]:
        copy = type(row)(deployment=made, **{
            field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields
            if field.name not in ("id", "deployment")})
        if isinstance(row, Setting) and row.secret and not secrets:
            copy.value = ""
        with record_change(user, copy, made):
            copy.save()
    return made


def place_of(deployment):
    """Return where it is pushed to, in words; empty where its settings name no directory."""
    told = dict(deployment.settings.filter(secret=False).values_list("name", "text"))
    hosts = " ".join((told.get("REMOTE_HOSTS") or told.get("REMOTE_HOST", "")).split())
    return f"{told['REMOTE_DIRECTORY']} on {hosts or 'this machine'}" if told.get(
        "REMOTE_DIRECTORY") else ""


def _grants(source, user, permissions):
    if permissions:
        return source.grants.all()
    return Grant.objects.filter(
        deployment=source, level=Level.EDIT, group__in=user.groups.all())
