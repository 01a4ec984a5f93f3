"""The stages of a deployment: what a push runs, in this order."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import atomic_post, login_required, no_store
from cookbook.catalog import RecipeCatalog
from history.models import record_change
from history.paging import to_int

from ..access import deployment_permission
from ..forms.rows import StageForm
from ..models import Level, Stage
from ..push_options import read_definition, reading_fault, refuse_tied
from ..stages import reorder_stages, summarize_stages


@require_safe
@login_required
@deployment_permission(Level.EDIT)
@no_store
def stages(request, deployment):
    """Show them; of a tied deployment, those of its repository."""
    shelf = RecipeCatalog()
    return render(request, "deployments/stages.html", {
        "deployment": deployment, "tab": "stages", "names": shelf.names,
        "stages": [] if deployment.tied else summarize_stages(deployment, shelf),
        "read": read_definition(deployment) if deployment.tied else None,
        "fault": reading_fault(deployment) if deployment.tied else ""})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def stage_new(request, deployment):
    """Add one at the end; `recipe` in the address chooses one."""
    refuse_tied(deployment)
    last = deployment.stages.last()
    stage = Stage(deployment=deployment, position=last.position + 1 if last else 0)
    if request.method == "GET":
        stage.recipe = stage.name = request.GET.get("recipe", "")
    return _saved(request, deployment, stage, "New stage")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def stage(request, deployment, stage_id):
    """Change one."""
    refuse_tied(deployment)
    found = get_object_or_404(deployment.stages, pk=stage_id)
    return _saved(request, deployment, found, found.name)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def stage_delete(request, deployment, stage_id):
    """Ask, then delete one."""
    found = get_object_or_404(deployment.stages, pk=stage_id)
    if request.method != "POST":
        return render(request, "deployments/row_delete.html", {
            "deployment": deployment, "tab": "stages", "row": found, "kind": "stage"})
    with record_change(request.user, found, deployment):
        found.delete()
    messages.success(request, f"Deleted: the stage {found.name}.")
    return redirect("deployments:stages", deployment.pk)


@require_POST
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def stage_move(request, deployment, stage_id):
    """Move one up or down: `by` is -1 or 1; or switch it off or on: `enabled` is 0 or 1."""
    refuse_tied(deployment)
    found = get_object_or_404(deployment.stages, pk=stage_id)
    if request.POST.get("enabled") in ("0", "1"):
        with record_change(request.user, found, deployment):
            found.enabled = request.POST["enabled"] == "1"
            found.save()
        messages.success(request, f"Pushes run the stage {found.name} again." if found.enabled
                         else f"Pushes leave out the stage {found.name}.")
        return _back_to(found)
    order = list(deployment.stages.values_list("pk", flat=True))
    here = order.index(found.pk)
    there = here + (1 if request.POST.get("by") == "1" else -1)
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
        reorder_stages(deployment, order, request.user)
    return _back_to(found)


@require_POST
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def stages_order(request, deployment):
    """Put them in the order of `order`, their keys: what dragging sends."""
    refuse_tied(deployment)
    wanted = [to_int(key) for key in request.POST.getlist("order")]
    reorder_stages(deployment, wanted, request.user)
    return redirect("deployments:stages", deployment.pk)


def _back_to(stage):
    """Return to the list, where the keyboard goes on from that stage."""
    return redirect(f"{reverse('deployments:stages', args=[stage.deployment_id])}#stage-{stage.pk}")


def _saved(request, deployment, stage, heading):
    form = StageForm(request.POST or None, instance=stage)
    if form.is_valid():
        with record_change(request.user, stage, deployment):
            form.save()
        messages.success(request, f"Saved: the stage {stage.name}.")
        return redirect("deployments:stages", deployment.pk)
    return render(request, "deployments/stage.html", {
        "deployment": deployment, "tab": "stages", "form": form, "stage": stage,
        "heading": heading}, status=422 if form.is_bound else 200)
