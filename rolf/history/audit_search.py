"""The search in the audit log."""

from datetime import datetime, time, timedelta

from django import forms
from django.db.models import Q
from django.utils import timezone


class AuditSearchForm(forms.Form):
    """A filter of audit events; all its fields must match."""

    action = forms.CharField(
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"placeholder": "token.created, or token"}),
    )
    user = forms.CharField(required=False, max_length=150)
    target = forms.CharField(required=False, max_length=200)
    outcome = forms.CharField(required=False, max_length=16)
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def among(self, entries):
        """Return the matching ones of a queryset of entries; none if the form is invalid."""
        if not self.is_valid():
            return entries.none()
        data = self.cleaned_data
        if action := data["action"]:
            wanted = Q(action=action)
            if "." not in action:
                wanted |= Q(action__startswith=f"{action}.")
            entries = entries.filter(wanted)
        if data["user"]:
            entries = entries.filter(user_name=data["user"])
        if data["target"]:
            entries = entries.filter(target__icontains=data["target"])
        if data["outcome"]:
            entries = entries.filter(outcome=data["outcome"])
        if data["since"]:
            entries = entries.filter(at__gte=_midnight(data["since"]))
        if data["until"]:
            entries = entries.filter(at__lt=_midnight(data["until"] + timedelta(days=1)))
        return entries


def _midnight(day):
    return timezone.make_aware(datetime.combine(day, time()))
