"""Cancel, resume, roll back and decide. A GET request shows what will happen."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import atomic_post, login_required
from deployments.access import deployment_permission
from deployments.models import Level
from deployments.redaction import HIDDEN, redactor
from pushes import services

from ..checkouts.keep import refusal
from ..models import DONE
from .push import get_push


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.PUSH)
def cancel(request, deployment, address):
    """Cancel a push that is queued or running."""
    push = get_push(deployment, address)
    if request.method == "POST":
        return _act(
            request,
            push,
            lambda: services.cancel(push, request.user),
            "The push is being cancelled. Rolf stops its running stage and all processes "
            "that the stage has started.",
        )
    return render(request, "pushes/cancel.html", {"push": push, "deployment": deployment})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.PUSH)
def resume(request, deployment, address):
    """Resume a push that has stopped."""
    push = get_push(deployment, address)
    if request.method == "POST":
        return _act(
            request,
            push,
            lambda: services.resume(push, request.user, shown=request.POST.get("shown")),
            "The push has been resumed.",
        )
    stages = push.engine_record.stages if push.engine_record else ()
    left = [stage for stage in stages if stage.state not in DONE]
    return render(
        request,
        "pushes/resume.html",
        {
            "push": push,
            "deployment": deployment,
            "left": left,
            "last": push.last_begun,
            "refusal": refusal(push),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.PUSH)
def rollback(request, deployment, address):
    """Roll back to a push: its code and its settings, or its code only."""
    push = get_push(deployment, address)
    if request.method != "POST":
        return _rollback_page(request, deployment, push)
    if "shown" not in request.POST:
        # A page of an older version of Rolf, whose URL may have named another push.
        return _rollback_page(
            request,
            deployment,
            push,
            [
                "Nothing was rolled back, because the page was outdated. Check below what changes, "
                "then try again."
            ],
            422,
        )
    try:
        queued = services.queue_rollback(
            deployment,
            request.user,
            to=push,
            shown=request.POST["shown"],
            comment=request.POST.get("comment", "").strip(),
            keep_settings=request.POST.get("settings") == "keep",
        )
    except services.Busy as error:
        messages.warning(request, f"{error} This is that push. Nothing was rolled back.")
        return redirect(error.push)
    except services.Refused as error:
        return _rollback_page(request, deployment, push, error.faults, 422)
    return redirect(queued)


@require_POST
@login_required
@atomic_post
@deployment_permission(Level.PUSH)
def decide(request, deployment, address):
    """Decide about the stage that a push in step mode waits for."""
    push = get_push(deployment, address)
    decision = request.POST.get("decision", "")
    # The decision is about the stage on the page. Another user may have decided about it already.
    if push.awaits and request.POST.get("stage") != push.awaits:
        messages.warning(request, f"The push has gone on since: now it asks about {push.awaits}.")
        return redirect(push)
    return _act(request, push, lambda: services.decide(push, request.user, decision))


def _rollback_page(request, deployment, push, faults=(), status=200):
    proposal = None
    try:
        proposal = services.propose(deployment, push)
    except services.Refused as error:
        faults = [*faults, *error.faults]
    # A worker has to look up the commits between the two pushes. Its answer stays valid.
    survey = deployment.surveys.filter(ref=push.commit).first()
    known = (
        survey
        and survey.answered
        and not survey.fault
        and proposal
        and proposal.live
        and (survey.since == proposal.live.commit)
    )
    secrets = {setting.name for setting in deployment.settings.filter(secret=True)}
    changed = [(line.partition(":")[0], line) for line in proposal.settings] if proposal else []
    return render(
        request,
        "pushes/rollback.html",
        {
            "push": push,
            "deployment": deployment,
            "proposal": proposal,
            # A setting that is secret now may have been a plain one at the time of the push.
            "changed": [
                (
                    name,
                    ""
                    if name in secrets or (name in HIDDEN and deployment.granted < Level.EDIT)
                    else line,
                )
                for name, line in changed
            ],
            "survey": survey if known else None,
            "ref": push.commit,
            "ask": not known,
            "may_edit": deployment.granted >= Level.EDIT,
            "faults": [
                redactor(request, deployment).text(fault) for fault in dict.fromkeys(faults)
            ],
        },
        status=status,
    )


def _act(request, push, action, success=""):
    """Call the action, and redirect to the push with a message: `success`, or the error."""
    try:
        action()
    except services.Busy as error:
        messages.warning(request, str(error))
        return redirect(error.push)
    except services.Refused as error:
        messages.error(request, redactor(request, push.deployment).text(str(error)))
    else:
        if success:
            messages.success(request, success)
    return redirect(push)
