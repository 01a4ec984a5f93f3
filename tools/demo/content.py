"""Fill the demo's Rolf, and request pushes as its users; run it with the Python of Rolf's own ve.

usage: content.py define PROJECT
       content.py push PERSON COMMENT [FLAG]…
       content.py rollback PERSON COMMENT
"""

import os
import secrets
import sys
import time
from pathlib import Path

# This program runs in Rolf's directory and lies in another.
sys.path[0] = str(Path.cwd())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolf.settings.embedded")

import django  # noqa: E402

django.setup()

from accounts.models import User  # noqa: E402
from cookbook.models import Recipe, RecipeVersion  # noqa: E402
from deployments.models import (  # noqa: E402
    Application,
    Category,
    Deployment,
    Flag,
    Grant,
    Level,
    Setting,
    Stage,
)
from django.contrib.auth.models import Group  # noqa: E402
from history.models import record_change  # noqa: E402
from pushes import services  # noqa: E402

from bootstrapper.deploy.plan.prepare import prepare_project  # noqa: E402
from bootstrapper.deploy.recipes.catalog import RecipeCatalog  # noqa: E402

NAME = "Demo Site"
# By group: the permission of its members for the demo site, and their names.
SHOP = {
    "programmers": (Level.EDIT, {"anna": "Anna Berg"}),
    "designers": (Level.PUSH, {"dora": "Dora Lind"}),
    "project managers": (Level.VIEW, {"paul": "Paul Holm"}),
}


def define(project: str) -> None:
    """Create the users, and the deployment of the project's own file.

    Print login and password of each user.
    """
    owner = User.objects.filter(is_superuser=True).earliest("pk")
    category = Category.objects.create(name="Sites")
    application = Application.objects.create(category=category, name=NAME)
    prepared = prepare_project(Path(project), "production", {})
    engine = prepared.deployment
    deployment = Deployment(
        application=application,
        name=engine.name,
        branch=engine.branch,
        timeout=engine.timeout,
        idle_timeout=engine.idle_timeout,
        on_failure=engine.on_failure,
        description="What visitors see.",
    )
    save(owner, deployment, deployment)
    for group, (level, people) in SHOP.items():
        members = Group.objects.create(name=group)
        save(owner, Grant(group=members, deployment=deployment, level=level), deployment)
        for login, full in people.items():
            first, _, last = full.partition(" ")
            password = secrets.token_urlsafe(9)
            User.objects.create_user(
                login, password=password, first_name=first, last_name=last
            ).groups.add(members)
            print(login, password)
    anna = User.objects.get(username="anna")
    for name, value in engine.environment.items():
        save(anna, Setting(deployment=deployment, name=name, text=value), deployment)
    for flag in engine.flags.values():
        save(
            anna,
            Flag(
                deployment=deployment,
                name=flag.name,
                description=flag.description,
                default=flag.value,
            ),
            deployment,
        )
    for position, entry in enumerate(engine.stages):
        save(
            anna,
            Stage(deployment=deployment, position=position, name=entry.name, recipe=entry.recipe),
            deployment,
        )
    import_recipes(anna, Path(project), {entry.recipe for entry in engine.stages})
    tied = Deployment(
        application=application,
        name="staging",
        tied_to="staging",
        description="Tied to the file in its repository.",
    )
    save(anna, tied, tied)
    save(
        anna,
        Setting(deployment=tied, name="REPOSITORY", text=engine.environment["REPOSITORY"]),
        tied,
    )


def import_recipes(person: User, project: Path, used: set[str]) -> None:
    """Put the project's own recipes into Rolf's cookbook."""
    cookbook = RecipeCatalog(project)
    for file in sorted((project / "deploy/recipes").iterdir()):
        if file.stem in used:
            code = cookbook.get(file.stem).code
            recipe = Recipe(name=file.stem, code=code)
            save(person, recipe)
            RecipeVersion.objects.create(
                recipe=recipe,
                number=1,
                language=recipe.language,
                code=code,
                by=person,
                by_name=person.username,
            )


def save(person: User, subject: object, deployment: Deployment | None = None) -> None:
    """Save a new object, and record it in the history."""
    with record_change(person, subject, deployment if deployment is not subject else None):
        subject.full_clean()
        subject.save()


def push(person: str, comment: str, *flags: str) -> None:
    """Request a push, and print how it ended."""
    deployment = Deployment.objects.get(name="production")
    report(
        services.queue_push(
            deployment,
            User.objects.get(username=person),
            comment=comment,
            flags=dict.fromkeys(flags, "1"),
        )
    )


def rollback(person: str, comment: str) -> None:
    """Roll back, and print how it ended."""
    deployment = Deployment.objects.get(name="production")
    report(services.queue_rollback(deployment, User.objects.get(username=person), comment=comment))


def report(request: object) -> None:
    """Wait until the push has ended, and print how it ended."""
    while request.active:
        time.sleep(0.2)
        request.refresh_from_db(fields=["state", "number", "reason"])
    why = f": {request.reason}" if request.reason else ""
    print(
        f"  push {request.number} by {request.user_name}, “{request.comment}”, {request.state}{why}"
    )


if __name__ == "__main__":
    {"define": define, "push": push, "rollback": rollback}[sys.argv[1]](*sys.argv[2:])
