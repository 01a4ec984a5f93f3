"""What can be done with a push; each page first says what it will do."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import atomic_post, login_required
from deployments.access import deployment_permission
from deployments.models import Level
from deployments.redaction import HIDDEN, discretion
from pushes import services

from .push import pushed


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.PUSH)
def cancel(request, deployment, address):
    """End a push that waits or runs."""
    push = pushed(deployment, address)
    if request.method == "POST":
        return _done(request, push, lambda: services.cancel(push, request.user),
                     "It is told to end; what ran is stopped, with all that it had started.")
    return render(request, "pushes/cancel.html", {"push": push, "deployment": deployment})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.PUSH)
def resume(request, deployment, address):
    """Let a push that stopped go on from there."""
    push = pushed(deployment, address)
    if request.method == "POST":
        return _done(request, push, lambda: services.resume(
            push, request.user, shown=request.POST.get("shown")), "It goes on.")
    stages = push.engine_record.stages if push.engine_record else ()
    left = [stage for stage in stages if str(stage.state) not in ("succeeded", "skipped")]
    return render(request, "pushes/resume.html", {
        "push": push, "deployment": deployment, "left": left, "last": push.last_begun})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.PUSH)
def rollback(request, deployment, address):
    """Return to a push: its code and its settings, or its code alone."""
    push = pushed(deployment, address)
    if request.method == "POST" and "shown" not in request.POST:
        # A page from when addresses had keys may mean another push.
        return _rollback_page(request, deployment, push, [
            "Nothing was rolled back: the page was an old one. Look at what goes back."], 422)
    if request.method == "POST":
        try:
            asked = services.rollback(
                deployment, request.user, to=push, shown=request.POST["shown"],
                comment=request.POST.get("comment", "").strip(),
                keep_settings=request.POST.get("settings") == "keep")
        except services.Busy as error:
            messages.warning(request, f"{error} This is that push; nothing was rolled back.")
            return redirect(error.push)
        except services.Refused as error:
            return _rollback_page(request, deployment, push, error.faults, 422)
        return redirect(asked)
    return _rollback_page(request, deployment, push, [], 200)


@require_POST
@login_required
@atomic_post
@deployment_permission(Level.PUSH)
def decide(request, deployment, address):
    """Answer what a push in step mode asks."""
    push = pushed(deployment, address)
    decision = request.POST.get("decision", "")
    # Who answers a question that somebody else has answered meanwhile has not answered the next.
    if push.awaits and request.POST.get("stage") != push.awaits:
        messages.warning(request, f"It has gone on meanwhile: now it asks about {push.awaits}.")
        return redirect(push)
    return _done(request, push, lambda: services.decide(push, request.user, decision))


def _rollback_page(request, deployment, push, faults, status):
    proposal = None
    try:
        proposal = services.proposal(deployment, push)
    except services.Refused as error:
        faults = [*faults, *error.faults]
    # What lies between the two commits a worker has to look up; it knows that for good.
    survey = deployment.surveys.filter(ref=push.commit).first()
    known = survey and survey.answered and not survey.fault and proposal and proposal.live and (
        survey.since == proposal.live.commit)
    secrets = {setting.name for setting in deployment.settings.filter(secret=True)}
    changed = [(line.partition(":")[0], line) for line in proposal.settings] if proposal else []
    return render(request, "pushes/rollback.html", {
        "push": push, "deployment": deployment, "proposal": proposal,
        # What is a secret by now was a plain setting, perhaps, when it was pushed.
        "changed": [(name, "" if name in secrets or (
            name in HIDDEN and deployment.granted < Level.EDIT) else line)
            for name, line in changed],
        "survey": survey if known else None, "ref": push.commit, "ask": not known,
        "may_edit": deployment.granted >= Level.EDIT,
        "faults": [discretion(request, deployment).text(fault)
                   for fault in dict.fromkeys(faults)]}, status=status)


def _done(request, push, ask, said=""):
    try:
        ask()
    except services.Busy as error:
        messages.warning(request, str(error))
        return redirect(error.push)
    except services.Refused as error:
        messages.error(request, discretion(request, push.deployment).text(str(error)))
    else:
        if said:
            messages.success(request, said)
    return redirect(push)
