"""A group, as superusers see it."""

from django import forms

from accounts.models import Group, User
from rolf.chosen import ChosenField


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
