"""The page of workers."""

from django.contrib import messages
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

import audit
from accounts.decorators import atomic_post, login_required, superuser_required
from pushes.models import Push, Worker


@require_safe
@login_required
@superuser_required
def workers(request):
    """List the workers that have not ended, with the pushes that they carry out."""
    running = Push.objects.filter(state=Push.State.RUNNING).listed()
    running = running.select_related("deployment__application").order_by("pk")
    found = Worker.objects.filter(ended=None).order_by("machine", "pid")
    found = found.prefetch_related(Prefetch("pushes", running, to_attr="running"))
    return render(request, "worker/workers.html", {"workers": found})


@require_POST
@login_required
@superuser_required
@atomic_post
def drain(request, worker_id):
    """Let a worker start nothing new, or let it start pushes again."""
    worker = get_object_or_404(Worker, pk=worker_id, ended=None)
    worker.draining = "drain" in request.POST
    worker.save(update_fields=["draining"])
    action = "worker.drained" if worker.draining else "worker.resumed"
    audit.record(action, request=request, target=str(worker))
    messages.success(
        request,
        f"The {worker} starts no new pushes. Those that run go on."
        if worker.draining
        else f"The {worker} starts pushes again.",
    )
    return redirect("worker:workers")
