"""Applications, by category."""

from django.db import models

from .names import LONGEST, check_name


class Category(models.Model):
    """A heading of the front page."""

    name = models.CharField(max_length=LONGEST, unique=True, validators=[check_name])

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["name"]

    def __str__(self):
        return self.name

    def described(self):
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

    def described(self):
        """Return what the history keeps of it."""
        return {"name": self.name, "category": self.category.name}
