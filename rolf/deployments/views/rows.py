"""Pages that list, add, change and delete a deployment's settings, flags and permissions."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods, require_safe
from django.views.generic import CreateView, DeleteView, ListView, UpdateView

from accounts.decorators import atomic_post, login_required, no_store
from history.models import record_change

from ..access import deployment_permission
from ..forms.rows import FlagForm, GrantForm, SettingForm
from ..models import Flag, Grant, Level, Setting
from ..push_options import read_definition, refuse_tied

list_decorators = method_decorator(
    [require_safe, login_required, deployment_permission(Level.EDIT), no_store], name="dispatch"
)
form_decorators = method_decorator(
    [
        require_http_methods(["GET", "HEAD", "POST"]),
        login_required,
        atomic_post,
        deployment_permission(Level.EDIT),
        no_store,
    ],
    name="dispatch",
)


class RowMixin:
    """Rows of one model that belong to ``request.deployment``.

    ``row_form_class`` is their form; ``name`` and ``tab`` are the URL names of a row's page and of
    the list. If ``from_repository``, the rows of tied deployments come from their repository.
    """

    name = tab = ""
    from_repository = False

    def get_queryset(self):
        """Return the rows of the deployment."""
        return self.model.objects.filter(deployment=self.request.deployment)

    def get_success_url(self):
        """Return the URL of the list."""
        return reverse(f"deployments:{self.tab}", args=[self.request.deployment.pk])

    def get_context_data(self, **kwargs):
        """Return what the tabs of a deployment need."""
        return super().get_context_data(
            deployment=self.request.deployment,
            tab=self.tab,
            list_url=self.get_success_url(),
            kind=self.model._meta.verbose_name,
            **kwargs,
        )


@list_decorators
class RowListView(RowMixin, ListView):
    """The list; of a tied deployment, with what its repository says."""

    context_object_name = "rows"

    def get_context_data(self, **kwargs):
        """Return the rows, and what was last read from the repository."""
        deployment = self.request.deployment
        return super().get_context_data(
            read=read_definition(deployment) if deployment.tied else None, **kwargs
        )


class RowChangeMixin(RowMixin):
    """A page that creates, changes or deletes one row."""

    context_object_name = "row"

    def dispatch(self, request, *args, **kwargs):
        """Raise PermissionDenied if the repository defines the row."""
        if self.from_repository:
            refuse_tied(request.deployment)
        return super().dispatch(request, *args, **kwargs)


class RowFormMixin(RowChangeMixin):
    """A form for one row."""

    template_name = "deployments/row.html"

    def get_form_class(self):
        """Return the form of the model."""
        return self.row_form_class

    def get_context_data(self, **kwargs):
        """Return the form and where its links lead."""
        return super().get_context_data(
            heading=self.heading, delete_url_name=f"deployments:{self.name}-delete", **kwargs
        )

    def form_valid(self, form):
        """Save the row and record the change."""
        with record_change(self.request.user, form.instance, self.request.deployment):
            self.object = form.save()
        messages.success(self.request, f"Saved the {self.model._meta.verbose_name} {self.object}.")
        if warning := getattr(form, "warning", ""):
            messages.warning(self.request, warning)
        return HttpResponseRedirect(self.get_success_url())

    def form_invalid(self, form):
        """Show what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


@form_decorators
class RowCreateView(RowFormMixin, CreateView):
    """Add a row."""

    @property
    def heading(self):
        """The heading of the page."""
        return f"New {self.model._meta.verbose_name}"

    def get_form_kwargs(self):
        """Return the arguments of the form: its row belongs to the deployment."""
        return super().get_form_kwargs() | {
            "instance": self.model(deployment=self.request.deployment)
        }


@form_decorators
class RowUpdateView(RowFormMixin, UpdateView):
    """Change a row."""

    def get_object(self, queryset=None):
        """Return the row; its name as it is stored is the heading."""
        row = super().get_object(queryset)
        self.heading = str(row)
        return row


@form_decorators
class RowDeleteView(RowChangeMixin, DeleteView):
    """Ask, then delete a row."""

    template_name = "deployments/row_delete.html"

    def form_valid(self, form):
        """Delete the row and record the change."""
        name = str(self.object)
        with record_change(self.request.user, self.object, self.request.deployment):
            self.object.delete()
        messages.success(self.request, f"Deleted the {self.model._meta.verbose_name} {name}.")
        return HttpResponseRedirect(self.get_success_url())


class SettingMixin:
    """Settings."""

    model, row_form_class, pk_url_kwarg = Setting, SettingForm, "setting_id"
    name, tab = "setting", "settings"


class SettingListView(SettingMixin, RowListView):
    """List the settings."""

    template_name = "deployments/settings.html"


class SettingCreateView(SettingMixin, RowCreateView):
    """Add a setting."""


class SettingUpdateView(SettingMixin, RowUpdateView):
    """Change a setting."""


class SettingDeleteView(SettingMixin, RowDeleteView):
    """Delete a setting."""


class FlagMixin:
    """Flags."""

    model, row_form_class, pk_url_kwarg = Flag, FlagForm, "flag_id"
    name, tab = "flag", "flags"
    from_repository = True


class FlagListView(FlagMixin, RowListView):
    """List the flags."""

    template_name = "deployments/flags.html"


class FlagCreateView(FlagMixin, RowCreateView):
    """Add a flag."""


class FlagUpdateView(FlagMixin, RowUpdateView):
    """Change a flag."""


class FlagDeleteView(FlagMixin, RowDeleteView):
    """Delete a flag."""


class GrantMixin:
    """Permissions, one for each group."""

    model, row_form_class, pk_url_kwarg = Grant, GrantForm, "grant_id"
    name, tab = "permission", "permissions"

    def get_queryset(self):
        """Return the permissions with their groups."""
        return super().get_queryset().select_related("group")


class GrantListView(GrantMixin, RowListView):
    """List the permissions."""

    template_name = "deployments/permissions.html"


class GrantCreateView(GrantMixin, RowCreateView):
    """Add a permission."""


class GrantUpdateView(GrantMixin, RowUpdateView):
    """Change a permission."""


class GrantDeleteView(GrantMixin, RowDeleteView):
    """Delete a permission."""
