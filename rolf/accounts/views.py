"""Signing in and out."""

from django.contrib.auth.views import LoginView

from .forms import SignIn


class SignInView(LoginView):
    """Django's, in our look; what is refused says so by its status, too."""

    form_class = SignIn
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def form_invalid(self, form):
        """Show what is wrong; 429 if it came too soon (RFC 6585)."""
        response = super().form_invalid(form)
        response.status_code = 422
        if form.wait:
            response.status_code = 429
            response["Retry-After"] = str(form.wait)
        return response
