"""Record who reads the log of a push."""

import audit

INTERVAL = 600  # seconds between two audit events of one reader, push and way


def record_reading(request, deployment, push, way):
    """Record that the request reads the log; `way` is "page", "raw" or "api"."""
    token = request.access.token
    audit.record_once(
        "log.read",
        key=(request.access.user.pk, token and token.pk, push.pk, way),
        interval=INTERVAL,
        request=request,
        target=f"{deployment} {push}",
        way=way,
        push_id=push.pk,
    )
