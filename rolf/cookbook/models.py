"""Your own recipes; the engine has those that come with Rolf."""

from django.conf import settings
from django.db import models
from django.urls import reverse

from cookbook.names import LONGEST, check_recipe_name


class Language(models.TextChoices):
    """The language of code that has no shebang."""

    SHELL = "shell", "Bash"
    PYTHON = "python", "Python"


class RecipeQuerySet(models.QuerySet):
    """Recipes, by state."""

    def not_deleted(self):
        """Return the recipes that are not marked as deleted."""
        return self.filter(deleted=None)


class Recipe(models.Model):
    """Code under a name that stages use; replaces the engine's recipe of the same name.

    The comment in the code says what the recipe does and needs; `description` is a column of the
    CSV cookbook of 2010. A deleted recipe is only marked as such, and keeps its versions.
    """

    name = models.CharField(max_length=LONGEST, validators=[check_recipe_name])
    language = models.CharField(max_length=10, choices=Language, default=Language.SHELL)
    code = models.TextField()
    description = models.TextField(blank=True)
    deleted = models.DateTimeField(null=True, blank=True)

    objects = RecipeQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(deleted=None),
                name="one_recipe_of_a_name",
                violation_error_message="There is a recipe of that name.",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        """Return the URL of the recipe's page."""
        return reverse("cookbook:recipe", args=[self.name])

    def history_fields(self):
        """Return the values that the history records."""
        kept = ["name", "language", "code", "description"]
        return {**{name: getattr(self, name) for name in kept}, "deleted": self.deleted is not None}


class RecipeVersion(models.Model):
    """A saved version of a recipe; the newest one equals the recipe."""

    recipe = models.ForeignKey(Recipe, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()  # from 1
    language = models.CharField(max_length=10, choices=Language)
    code = models.TextField()
    description = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    by_name = models.CharField(max_length=150)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["recipe", "number"], name="one_version_of_a_number"),
        ]

    def __str__(self):
        return f"{self.recipe}, version {self.number}"


def save_version(recipe, user=None, by=""):
    """Save the recipe as its newest version, unless nothing changed, and return that version.

    ``by`` names the author if that is not a user.
    """
    last = recipe.versions.first()
    fields = {"language": recipe.language, "code": recipe.code, "description": recipe.description}
    if last and all(getattr(last, name) == value for name, value in fields.items()):
        return last
    return recipe.versions.create(
        number=last.number + 1 if last else 1,
        by=user,
        by_name=user.get_username() if user else by,
        **fields,
    )
