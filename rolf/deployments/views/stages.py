"""Pages of a deployment's stages, which a push runs in their order."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import atomic_post, login_required, no_store
from cookbook.catalog import RecipeCatalog
from history.models import record_change
from history.paging import to_int

from ..access import deployment_permission
from ..forms.rows import StageForm
from ..models import Level, Stage
from ..push_options import read_definition, reading_fault, refuse_tied
from ..stages import reorder_stages, summarize_stages
from .rows import RowCreateView, RowDeleteView, RowUpdateView


@require_safe
@login_required
@deployment_permission(Level.EDIT)
@no_store
def stages(request, deployment):
    """List the stages; those of a tied deployment come from its repository."""
    catalog = RecipeCatalog()
    return render(
        request,
        "deployments/stages.html",
        {
            "deployment": deployment,
            "tab": "stages",
            "names": catalog.names,
            "stages": [] if deployment.tied else summarize_stages(deployment, catalog),
            "read": read_definition(deployment) if deployment.tied else None,
            "fault": reading_fault(deployment) if deployment.tied else "",
        },
    )


class StageMixin:
    """Stages."""

    model, row_form_class, pk_url_kwarg = Stage, StageForm, "stage_id"
    name, tab = "stage", "stages"
    from_repository = True


class StageCreateView(StageMixin, RowCreateView):
    """Add a stage at the end; ``recipe`` in the URL chooses its recipe."""

    template_name = "deployments/stage.html"

    def get_form_kwargs(self):
        """Return the arguments of the form: its stage comes after all others."""
        arguments = super().get_form_kwargs()
        stage, last = arguments["instance"], self.request.deployment.stages.last()
        stage.position = last.position + 1 if last else 0
        if self.request.method == "GET":
            stage.recipe = stage.name = self.request.GET.get("recipe", "")
        return arguments


class StageUpdateView(StageMixin, RowUpdateView):
    """Change a stage."""

    template_name = "deployments/stage.html"


class StageDeleteView(StageMixin, RowDeleteView):
    """Delete a stage."""


@require_POST
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def stage_move(request, deployment, stage_id):
    """Move a stage if ``by`` is -1 or 1; enable or disable it if ``enabled`` is 1 or 0."""
    refuse_tied(deployment)
    stage = get_object_or_404(deployment.stages, pk=stage_id)
    if request.POST.get("enabled") in ("0", "1"):
        with record_change(request.user, stage, deployment):
            stage.enabled = request.POST["enabled"] == "1"
            stage.save()
        messages.success(
            request,
            f"Enabled the stage {stage.name}."
            if stage.enabled
            else f"Disabled the stage {stage.name}: pushes skip it.",
        )
        return _redirect_to_stage(stage)
    order = list(deployment.stages.values_list("pk", flat=True))
    here = order.index(stage.pk)
    there = here + (1 if request.POST.get("by") == "1" else -1)
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
        reorder_stages(deployment, order, request.user)
    return _redirect_to_stage(stage)


@require_POST
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def stages_order(request, deployment):
    """Put the stages into the order of ``order``, their keys: sent when a user drags a stage."""
    refuse_tied(deployment)
    reorder_stages(deployment, [to_int(key) for key in request.POST.getlist("order")], request.user)
    return redirect("deployments:stages", deployment.pk)


def _redirect_to_stage(stage):
    """Return to the list and focus the stage, so that keyboard users can continue there."""
    return redirect(f"{reverse('deployments:stages', args=[stage.deployment_id])}#stage-{stage.pk}")
