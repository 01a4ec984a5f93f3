"""Users in Django's admin, read-only: the pages below /people/ change them and record who did."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group

from .forms import AdminLoginForm
from .models import User


@admin.register(User)
class ReadOnlyUserAdmin(UserAdmin):
    """All fields but the password hash."""

    exclude = ["password"]
    fieldsets = None
    filter_horizontal = []

    def has_add_permission(self, request):
        """Return False."""
        return False

    def has_change_permission(self, request, obj=None):
        """Return False."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Return False."""
        return False


admin.site.unregister(Group)
admin.site.login_form = AdminLoginForm
