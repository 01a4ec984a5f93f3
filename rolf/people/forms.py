"""Forms about people and groups."""

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import PasswordChangeForm, UsernameField
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.first_superuser import new_password
from accounts.login_throttle import throttled_attempt
from accounts.models import Group, User
from deployments.forms.chosen import ChosenField


class FirstPassword(forms.Form):
    """A password that is set, or made up; either way the person is to change it."""

    password = forms.CharField(
        required=False, strip=False, label="Password",
        help_text="Leave it empty, and one is made up and shown to you once.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def __init__(self, *args, person, **kwargs):
        """Make the form of that person."""
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_password(self):
        """Hold it against what the site asks of passwords."""
        given = self.cleaned_data["password"]
        if given:
            validate_password(given, self.person)
        return given

    def save(self):
        """Set it; return it if it was made up, so that it can be told."""
        given = self.cleaned_data["password"]
        made_up = "" if given else new_password()
        self.person.set_password(given or made_up)
        self.person.save()
        return made_up


class Person(forms.ModelForm):
    """Name, groups, and whether they may sign in."""

    groups = ChosenField(
        Group.objects.order_by("name"), required=False, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "groups", "is_superuser",
                  "is_active"]
        field_classes = {"username": UsernameField}
        labels = {"username": "Name", "is_superuser": "Superuser", "is_active": "Active"}
        help_texts = {
            "username": "Letters, digits and @ . + - _",
            "is_superuser": "May do everything, on each deployment, and looks after people.",
            "is_active": "Whoever is not can't sign in: their sessions end at once, "
                         "and their tokens open nothing.",
        }

    def __init__(self, *args, **kwargs):
        """Somebody new is active."""
        super().__init__(*args, **kwargs)
        self.was_active = self.instance.pk is not None and self.instance.is_active
        if self.instance.pk is None:
            del self.fields["is_active"]

    def clean(self):
        """Keep one superuser who can sign in."""
        cleaned = super().clean()
        stays = cleaned.get("is_superuser") and cleaned.get("is_active", True)
        if self.instance.pk and not stays:
            # Locked, so that two of them can't deactivate each other at the same moment.
            superusers = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
            if [one.pk for one in superusers] == [self.instance.pk]:
                raise forms.ValidationError(
                    f"{self.instance.get_username()} is the last active superuser: "
                    "make somebody else one first.")
        return cleaned

    def save(self, commit=True):
        """Save them; who isn't active any more loses their sessions for good."""
        if self.was_active and not self.instance.is_active:
            self.instance.sessions_ended = timezone.now()
        return super().save(commit)


class Members(ChosenField):
    """People, by both their names."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, person):
        """Return what a superuser knows them by."""
        full = person.get_full_name()
        return f"{person.get_username()} ({full})" if full else person.get_username()


class GroupForm(forms.ModelForm):
    """Its name, and who is in it."""

    members = Members(User.objects.none(), required=False)

    class Meta:
        model = Group
        fields = ["name"]

    def __init__(self, *args, **kwargs):
        """Offer who is active, and who is a member already."""
        super().__init__(*args, **kwargs)
        mine = self.instance.user_set.all() if self.instance.pk else User.objects.none()
        offered = User.objects.filter(is_active=True) | User.objects.filter(pk__in=mine)
        self.fields["members"].queryset = offered.order_by("username")
        self.initial.setdefault("members", [one.pk for one in mine])

    def save(self, commit=True):
        """Save it with its members."""
        group = super().save(commit)
        group.user_set.set(self.cleaned_data["members"])
        return group


class PasswordChange(PasswordChangeForm):
    """My own password, by who knows the old one."""

    def __init__(self, request, *args, **kwargs):
        """Keep the request: back ends may look at it."""
        super().__init__(*args, **kwargs)
        self.request = request
        self.fields["new_password1"].help_text = " ".join(password_validators_help_texts())
        self.fields["new_password2"].label = "New password again"
        self.fields["new_password2"].help_text = ""

    def clean_old_password(self):
        """Let the back ends say whether it is the right one."""
        given = self.cleaned_data["old_password"]
        name = self.user.get_username()
        with throttled_attempt(self.request, name):
            if authenticate(self.request, username=name, password=given) != self.user:
                raise ValidationError("That isn't your password.", code="password_incorrect")
        return given
