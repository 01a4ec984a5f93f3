"""The page of a deployment: how it stands, what a push would bring, and the button."""

from datetime import timedelta
from urllib.parse import urlencode

from bootstrapper.errors import InputError
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import atomic_post, login_required
from deployments.access import deployment_permission
from deployments.models import Level
from deployments.push_options import definition
from deployments.redaction import discretion
from history.paging import KeysetPage, to_int
from pushes import services, surveys

from ..forms import PushForm
from ..refusals import Moved
from ..rollback import live_push, target_of

PAGE = 20
STALE = timedelta(seconds=30)  # after that, a look at the repository is worth repeating
AGED = timedelta(minutes=5)  # the same for a page that stays open


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def deployment(request, deployment):
    """Show it; to htmx, only what changes while one looks."""
    if request.htmx:
        return render(request, "pushes/state.html", _standing(deployment))
    return _page(request, deployment)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required  # not atomic: a worker reads the repository meanwhile
@deployment_permission(Level.PUSH)
def push_new(request, deployment):
    """Push, and lead to the push; say so where that can't be.

    Where the ref has moved since the page was shown, ask again: the page then shows the new commit.
    A refused push leaves this address in the browser: Enter there leads to the deployment's page.
    """
    if request.method != "POST":
        return redirect(deployment)
    form = PushForm(request.POST, deployment=deployment, definition=definition(deployment))
    faults, status = [], 422
    if form.is_valid():
        try:
            return redirect(services.push(deployment, request.user, look=True, **form.asked))
        except services.Busy as error:
            messages.warning(request, f"{error} This is that push; yours wasn't begun.")
            return redirect(error.push)
        except Moved as error:
            faults = [*error.faults, "Look at what would go out now; Push sends that."]
            status = 409
        except services.Refused as error:
            faults = [discretion(request, deployment).text(fault) for fault in error.faults]
    return _page(request, deployment, form=form, faults=faults, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.PUSH)
def survey(request, deployment):
    """Show what would go out with a ref; POST asks a worker to look."""
    ref = request.POST.get("ref") or request.GET.get("ref") or ""
    ref = ref.replace("\0", "").strip() or deployment.branch
    if request.method == "POST":
        found = surveys.ask(deployment, ref[:200])
        if not request.htmx:
            # Of a rollback's page it is asked what would go back.
            page = deployment.pushes.filter(pk=to_int(request.POST.get("rollback"))).first()
            return redirect("pushes:rollback", deployment.pk, page) if page else redirect(
                f"{deployment.get_absolute_url()}?{urlencode({'ref': ref})}")
        old = False
    else:
        found = deployment.surveys.filter(ref=ref).first()
        old = bool(found and found.answered and (
            found.answered < timezone.now() - AGED
            or deployment.pushes.filter(ended__gt=found.asked).exists()))
        if found and not old and request.GET.get("seen") == str(found.asked.timestamp()):
            return HttpResponse(status=204)  # the page shows that already
    _hide(request, deployment, found)
    return render(request, "pushes/survey.html", {
        "deployment": deployment, "survey": found, "ref": ref, "ask": old})


def _page(request, deployment, *, form=None, faults=(), status=200):
    told = {"tab": "deployment", "faults": faults, **_standing(deployment)}
    if deployment.granted >= Level.PUSH:
        form = form or PushForm(deployment=deployment, definition=definition(deployment), initial={
            "ref": request.GET.get("ref") or deployment.branch})
        ref = (form["ref"].value() or deployment.branch).strip()
        found = deployment.surveys.filter(ref=ref).first()
        _hide(request, deployment, found)
        fresh = found and found.answered and not found.fault and (
            found.answered > timezone.now() - STALE) and (
            not any(push.ended and push.ended > found.asked for push in told["page"].rows))
        told |= {
            "form": form, "survey": found, "ref": ref, "ask": not fresh,
            "back": _back(deployment)}
    return render(request, "pushes/deployment.html", told, status=status)


def _hide(request, deployment, survey):
    """Leave out of a survey's fault what the person may not see."""
    if survey:
        survey.fault = discretion(request, deployment).text(survey.fault)


def _standing(deployment):
    """Return how it stands: what is live, what runs, and its newest pushes."""
    live = live_push(deployment)
    page = KeysetPage.before(None, deployment.pushes.listed().with_ends(), PAGE)
    active = next((push for push in page.rows if push.active), None)
    return {"deployment": deployment, "live": live, "active": active, "page": page}


def _back(deployment):
    """Return the push that a rollback would return to, or None."""
    try:
        return target_of(deployment)[0]
    except InputError:
        return None
