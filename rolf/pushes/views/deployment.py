"""The page of a deployment: its state, its pushes, and the form that starts a push."""

from datetime import timedelta
from urllib.parse import urlencode

from bootstrapper.errors import InputError
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import atomic_post, login_required
from database import clock
from deployments.access import deployment_permission
from deployments.models import Level
from deployments.push_options import definition
from deployments.redaction import redactor
from history.paging import KeysetPage, to_int
from pushes import services, surveys

from ..forms import PushForm
from ..refusals import Moved
from ..rollback import live_push, target_of

PAGE = 20
STALE = timedelta(seconds=30)  # after this time, opening the page starts a new survey
AGED = timedelta(minutes=5)  # the same for a page that stays open


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def deployment_page(request, deployment):
    """Show a deployment. For htmx, show only the parts that change."""
    if request.htmx:
        return render(request, "pushes/state.html", _current(deployment))
    return _page(request, deployment)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required  # no transaction, because a worker must see the survey of the ref
@deployment_permission(Level.PUSH)
def start_push(request, deployment):
    """Queue a push and redirect to its page, or show the form with what is wrong.

    If the ref has moved since the user opened the page, show the new commit and ask again. After a
    refused push the browser has this URL, so GET redirects to the page of the deployment.
    """
    if request.method != "POST":
        return redirect(deployment)
    form = PushForm(request.POST, deployment=deployment, definition=definition(deployment))
    faults, status = [], 422
    if form.is_valid():
        try:
            return redirect(
                services.queue_push(deployment, request.user, look=True, **form.options)
            )
        except services.Busy as error:
            messages.warning(request, f"{error} This is that push. Yours was not started.")
            return redirect(error.push)
        except Moved as error:
            faults = [*error.faults, "Check below what would go live now, then push again."]
            status = 409
        except services.Refused as error:
            faults = [redactor(request, deployment).text(fault) for fault in error.faults]
    return _page(request, deployment, form=form, faults=faults, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.PUSH)
def survey_ref(request, deployment):
    """Show the commits that a push of a ref would put live. POST starts a new survey."""
    ref = request.POST.get("ref") or request.GET.get("ref") or ""
    ref = ref.replace("\0", "").strip() or deployment.branch
    if request.method == "POST":
        found = surveys.ask(deployment, ref[:200])
        if not request.htmx:
            # The page of a rollback names its push.
            push = deployment.pushes.filter(pk=to_int(request.POST.get("rollback"))).first()
            return (
                redirect("pushes:rollback", deployment.pk, push)
                if push
                else redirect(f"{deployment.get_absolute_url()}?{urlencode({'ref': ref})}")
            )
        old = False
    else:
        found = deployment.surveys.filter(ref=ref).first()
        old = bool(
            found
            and found.answered
            and (
                found.answered < clock.now() - AGED
                or deployment.pushes.filter(ended__gt=found.asked).exists()
            )
        )
        if found and not old and request.GET.get("seen") == str(found.asked.timestamp()):
            return HttpResponse(status=204)  # the page shows this survey already
    _hide(request, deployment, found)
    return render(
        request,
        "pushes/survey.html",
        {
            "deployment": deployment,
            "survey": found,
            "ref": ref,
            "ask": old,
            "rollback": to_int(request.POST.get("rollback") or request.GET.get("rollback")),
        },
    )


def _page(request, deployment, *, form=None, faults=(), status=200):
    context = {"tab": "deployment", "faults": faults, **_current(deployment)}
    if deployment.granted >= Level.PUSH:
        form = form or PushForm(
            deployment=deployment,
            definition=definition(deployment),
            initial={"ref": request.GET.get("ref") or deployment.branch},
        )
        ref = (form["ref"].value() or deployment.branch).strip()
        found = deployment.surveys.filter(ref=ref).first()
        _hide(request, deployment, found)
        fresh = (
            found
            and found.answered
            and not found.fault
            and (found.answered > clock.now() - STALE)
            and (not any(push.ended and push.ended > found.asked for push in context["page"].rows))
        )
        context |= {
            "form": form,
            "survey": found,
            "ref": ref,
            "ask": not fresh,
            "back": _rollback_target(deployment),
        }
    return render(request, "pushes/deployment.html", context, status=status)


def _hide(request, deployment, survey):
    """Remove from a survey's fault what the user has no permission to see."""
    if survey:
        survey.fault = redactor(request, deployment).text(survey.fault)


def _current(deployment):
    """Return the parts that change: the live push, the active push, and the newest pushes."""
    live = live_push(deployment)
    page = KeysetPage.before(None, deployment.pushes.listed().with_ends(), PAGE)
    active = next((push for push in page.rows if push.active), None)
    return {"deployment": deployment, "live": live, "active": active, "page": page}


def _rollback_target(deployment):
    """Return the push that a rollback would return to, or None."""
    try:
        return target_of(deployment)[0]
    except InputError:
        return None
