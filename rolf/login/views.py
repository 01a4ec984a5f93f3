"""The login page, which offers the methods that the installation has chosen."""

from urllib.parse import urlencode

from django.contrib.messages import get_messages
from django.shortcuts import redirect
from django.urls import reverse

from accounts import views

from . import methods


class LoginView(views.LoginView):
    """The login page: a form for passwords, and a link to each provider with pages of its own."""

    template_name = "login/login.html"

    def get(self, request, *args, **kwargs):
        """Show the page; or redirect to the provider, if it is the only one.

        A user who has just logged out has no page to return to, and stays on this one. The
        parameter `password` asks for the form: a local superuser can always log in.
        """
        target = self.get_redirect_url()
        # After a form, there is a message to read; and browsers follow no redirect of a form to
        # another site (the directive form-action).
        alone = not self._takes_passwords and len(self._providers) == 1
        if target and alone and not len(get_messages(request)):
            return redirect(self._providers[0]["url"])
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        """Add `passwords`, whether the page has a form, and `providers`: titles and URLs."""
        return {
            **super().get_context_data(**kwargs),
            "passwords": self._takes_passwords or self.request.method == "POST",
            "providers": self._providers,
        }

    @property
    def _takes_passwords(self):
        return "password" in self.request.GET or any(not each.url for each in methods.chosen())

    @property
    def _providers(self):
        target = self.get_redirect_url()
        query = f"?{urlencode({self.redirect_field_name: target})}" if target else ""
        return [
            {"title": each.title, "url": reverse(each.url) + query}
            for each in methods.chosen()
            if each.url
        ]
