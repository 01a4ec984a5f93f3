"""Users in the admin: to look at. /people/ changes them, since that keeps who did."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group

from .forms import AdminSignIn
from .models import User


@admin.register(User)
class Users(UserAdmin):
    """All of them, read only; what is kept of a password is nothing to look at."""

    exclude = ["password"]
    fieldsets = None
    filter_horizontal = []

    def has_add_permission(self, request):
        """Nobody."""
        return False

    def has_change_permission(self, request, obj=None):
        """Nobody."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Nobody."""
        return False


admin.site.unregister(Group)
admin.site.login_form = AdminSignIn
