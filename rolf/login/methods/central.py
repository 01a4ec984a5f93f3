"""What the back ends of all central methods have in common."""

from django.contrib.auth.backends import ModelBackend

from login.confirmation import is_confirmed


class CentralBackend(ModelBackend):
    """A back end of people whom a provider knows. It checks no password of Rolf itself."""

    def authenticate(self, request, **credentials):
        """Accept nobody: subclasses ask their provider, and then call `accept`."""

    def get_user(self, user_id):
        """Return the user while the provider confirms the account, else None.

        Django asks with each request, and event streams ask every few seconds.
        """
        user = super().get_user(user_id)
        return user if user is not None and is_confirmed(user) else None
