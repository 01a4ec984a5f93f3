"""Settings, flags and permissions: rows of a deployment that are listed, added, changed, deleted.

Each kind has the same three pages; what differs is told to Rows.
"""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render

from history.models import recording

from ..access import needs
from ..forms.rows import FlagForm, GrantForm, SettingForm
from ..models import Level
from ..push_options import read_definition, refuse_tied


class Rows:
    """The pages of one kind: `name` is the list's address, `related` the deployment's rows.

    `called` is what people call one; `key` is its parameter in addresses; `select` is what a list
    reads along. Where a deployment is tied, what is `said_there` is its repository's to say.
    """

    def __init__(self, name, form, *, called, key, related=None, select=(), said_there=False):
        """Make the four views."""
        self._said_there = said_there
        self._name, self._form, self._called, self._key = name, form, called, key
        self._related, self._select = related or name, select
        self.list = needs(Level.EDIT)(self._list)
        self.new = needs(Level.EDIT, "GET", "POST")(self._new)
        self.change = needs(Level.EDIT, "GET", "POST")(self._change)
        self.delete = needs(Level.EDIT, "GET", "POST")(self._delete)

    def _rows(self, deployment):
        return getattr(deployment, self._related).select_related(*self._select)

    def _list(self, request, deployment):
        """Show them."""
        return render(request, f"deployments/{self._name}.html", {
            "deployment": deployment, "tab": self._name, "rows": self._rows(deployment),
            "read": read_definition(deployment) if deployment.tied else None})

    def _new(self, request, deployment):
        """Add one."""
        row = self._form.Meta.model(deployment=deployment)
        return self._saved(request, deployment, row, f"New {self._called}")

    def _change(self, request, deployment, **key):
        """Change one."""
        row = get_object_or_404(self._rows(deployment), pk=key[self._key])
        return self._saved(request, deployment, row, str(row))

    def _delete(self, request, deployment, **key):
        """Ask, then delete one."""
        row = get_object_or_404(self._rows(deployment), pk=key[self._key])
        if request.method != "POST":
            return render(request, "deployments/row_delete.html", {
                "deployment": deployment, "tab": self._name, "row": row, "called": self._called})
        name = str(row)
        with recording(request.user, row, deployment):
            row.delete()
        messages.success(request, f"Deleted: the {self._called} {name}.")
        return redirect(self._name, deployment.pk)

    def _saved(self, request, deployment, row, heading):
        if self._said_there:
            refuse_tied(deployment)
        form = self._form(request.POST or None, instance=row)
        if form.is_valid():
            with recording(request.user, row, deployment):
                form.save()
            messages.success(request, f"Saved: the {self._called} {row}.")
            if warning := getattr(form, "warning", ""):
                messages.warning(request, warning)
            return redirect(self._name, deployment.pk)
        return render(request, "deployments/row.html", {
            "deployment": deployment, "tab": self._name, "form": form, "row": row,
            "heading": heading, "called": self._called,
            "delete": f"{self._name.removesuffix('s')}-delete"},
            status=422 if form.is_bound else 200)


settings = Rows("settings", SettingForm, called="setting", key="setting_id")
flags = Rows("flags", FlagForm, called="flag", key="flag_id", said_there=True)
permissions = Rows("permissions", GrantForm, called="permission", key="grant_id", related="grants",
                   select=["group"])
