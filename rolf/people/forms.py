"""Forms about people and groups."""

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import PasswordChangeForm, UsernameField
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError

from accounts.first_superuser import new_password
from accounts.login_throttle import throttled_attempt
from accounts.models import Group, User
from database import clock
from deployments.forms.chosen import ChosenField


class FirstPassword(forms.Form):
    """The password that a superuser sets for another account, typed or generated."""

    password = forms.CharField(
        required=False,
        strip=False,
        label="Password",
        help_text="Leave this empty to generate a password, which is shown once.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args, person, **kwargs):
        """``person`` is the account."""
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_password(self):
        """Check the password with the site's validators."""
        given = self.cleaned_data["password"]
        if given:
            validate_password(given, self.person)
        return given

    def save(self):
        """Set the password; return it if it was generated, so that the page can show it."""
        given = self.cleaned_data["password"]
        made_up = "" if given else new_password()
        self.person.set_password(given or made_up)
        self.person.save()
        return made_up


class Person(forms.ModelForm):
    """An account: name, groups, and whether it is active."""

    groups = ChosenField(
        Group.objects.order_by("name"), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = User
        fields = [
            "username",
            "first_name",
            "last_name",
            "email",
            "groups",
            "is_superuser",
            "is_active",
        ]
        field_classes = {"username": UsernameField}
        labels = {"username": "Name", "is_superuser": "Superuser", "is_active": "Active"}
        help_texts = {
            "username": "Letters, digits and @ . + - _",
            "is_superuser": "Has all permissions on all deployments, and manages people and "
            "groups.",
            "is_active": "A deactivated user can't log in. Deactivating ends all sessions at once "
            "and makes all tokens invalid.",
        }

    def __init__(self, *args, **kwargs):
        """Leave out `active` for a new account: it is."""
        super().__init__(*args, **kwargs)
        self.was_active = self.instance.pk is not None and self.instance.is_active
        if self.instance.pk is None:
            del self.fields["is_active"]

    def clean(self):
        """Keep an active superuser who can log in without a central login, if there is one."""
        cleaned = super().clean()
        stays = cleaned.get("is_superuser") and cleaned.get("is_active", True)
        if self.instance.pk and not stays:
            self._refuse_last_superuser()
        return cleaned

    def _refuse_last_superuser(self):
        """Raise ValidationError if this account is the last one that can do a superuser's work."""
        # Lock the rows, so that two superusers can't deactivate each other at the same time.
        superusers = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
        others = [one for one in superusers if one != self.instance]
        if len(others) == len(superusers):  # this account is none
            return
        name = self.instance.get_username()
        if not others:
            raise forms.ValidationError(
                f"{name} is the last active superuser: make another user a superuser first."
            )
        if not self.instance.central and all(one.central for one in others):
            raise forms.ValidationError(
                f"{name} is the last superuser with a password in Rolf. Only such a superuser can "
                "log in while the central login is away: create another one first."
            )

    def save(self, commit=True):
        """Save the account; deactivating it ends its sessions for good."""
        if self.was_active and not self.instance.is_active:
            self.instance.sessions_ended = clock.now()
        return super().save(commit)


class Members(ChosenField):
    """Accounts, labelled with user name and full name."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, person):
        """Return "user name (full name)"."""
        full = person.get_full_name()
        return f"{person.get_username()} ({full})" if full else person.get_username()


class GroupForm(forms.ModelForm):
    """A group: name and members."""

    members = Members(User.objects.none(), required=False)

    class Meta:
        model = Group
        fields = ["name"]

    def __init__(self, *args, **kwargs):
        """Offer all active users, and those who are members."""
        super().__init__(*args, **kwargs)
        mine = self.instance.user_set.all() if self.instance.pk else User.objects.none()
        offered = User.objects.filter(is_active=True) | User.objects.filter(pk__in=mine)
        self.fields["members"].queryset = offered.order_by("username")
        self.initial.setdefault("members", [one.pk for one in mine])

    def save(self, commit=True):
        """Save the group and its members."""
        group = super().save(commit)
        group.user_set.set(self.cleaned_data["members"])
        return group


class PasswordChange(PasswordChangeForm):
    """The user's own password; the old one is required."""

    def __init__(self, request, *args, **kwargs):
        """Keep the request, which back ends may read."""
        super().__init__(*args, **kwargs)
        self.request = request
        self.fields["new_password1"].help_text = " ".join(password_validators_help_texts())
        self.fields["new_password2"].label = "New password again"
        self.fields["new_password2"].help_text = ""

    def clean_old_password(self):
        """Check the old password with the back ends; attempts are throttled."""
        given = self.cleaned_data["old_password"]
        name = self.user.get_username()
        with throttled_attempt(self.request, name):
            if authenticate(self.request, username=name, password=given) != self.user:
                raise ValidationError(
                    "This is not your current password.", code="password_incorrect"
                )
        return given
