"""Clone a deployment."""

from django.db import transaction

from history.models import record_change

from .models import Deployment, Grant, Level, Setting

NOT_CLONED = {
    "id",
    "name",
    "application",
    "created",
    "deleted",
    "lock_reason",
    "locked_by",
    "locked_at",
}


@transaction.atomic
def clone(source, user, *, application, name, permissions, secrets):
    """Return a new deployment with the stages, settings and flags of the source.

    Without ``permissions`` it gets only those that let the user edit the source; without
    ``secrets`` the values of its secrets are empty.
    """
    made = Deployment(
        application=application,
        name=name,
        **{
            field.name: getattr(source, field.name)
            for field in Deployment._meta.concrete_fields
            if field.name not in NOT_CLONED
        },
    )
    with record_change(user, made, made):
        made.full_clean()
        made.save()
    for row in [
        *source.stages.all(),
        *source.flags.all(),
        *source.settings.all(),
        *_grants(source, user, permissions),
    ]:
        copy = type(row)(
            deployment=made,
            **{
                field.attname: getattr(row, field.attname)
                for field in row._meta.concrete_fields
                if field.name not in ("id", "deployment")
            },
        )
        if isinstance(row, Setting) and row.secret and not secrets:
            copy.value = ""
        with record_change(user, copy, made):
            copy.save()
    return made


def place_of(deployment):
    """Return "DIRECTORY on HOSTS", where the deployment goes; "" if it has no REMOTE_DIRECTORY."""
    texts = dict(deployment.settings.filter(secret=False).values_list("name", "text"))
    hosts = " ".join((texts.get("REMOTE_HOSTS") or texts.get("REMOTE_HOST", "")).split())
    return (
        f"{texts['REMOTE_DIRECTORY']} on {hosts or 'this machine'}"
        if texts.get("REMOTE_DIRECTORY")
        else ""
    )


def _grants(source, user, permissions):
    if permissions:
        return source.grants.all()
    return Grant.objects.filter(deployment=source, level=Level.EDIT, group__in=user.groups.all())
