from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A user of the site, with the fields of Django's own user model and those that you add."""
