"""The login page for passwords; login/views.py adds the other methods."""

from django.contrib.auth import views as auth_views

from .forms import LoginForm


class LoginView(auth_views.LoginView):
    """Django's login view, with status codes that say what is wrong."""

    form_class = LoginForm
    redirect_authenticated_user = True

    def form_invalid(self, form):
        """Answer 422, or 429 if the attempt came too soon (RFC 6585)."""
        response = super().form_invalid(form)
        response.status_code = 422
        if form.wait:
            response.status_code = 429
            response["Retry-After"] = str(form.wait)
        return response
