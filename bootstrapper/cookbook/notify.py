# Sends a message about the push to the webhook NOTIFY_URL: JSON by POST, "text" and the details.
#
# Chats such as Mattermost or Slack show the text. The address is a secret and is never shown. A message
# that could not be sent does not fail the push.
#
# NOTIFY_REQUIRED    1: a failed request fails the push
#
# needs: NOTIFY_URL
import http.client
import json
import os
import urllib.error
import urllib.request

NEXT = "  next: ${EDITOR:-vi} deploy/secrets.env  # NOTIFY_URL is the full address of a webhook"

push = {
    name: os.environ.get(variable, "")
    for name, variable in {
        "deployment": "DEPLOYMENT",
        "push": "ROLF_PUSH_ID",
        "user": "PUSH_UNI",
        "ref": "PUSH_REF",
        "comment": "PUSH_COMMENT",
        "commit": "PUSH_COMMIT",
        "release": "RELEASE",
        "rollback": "ROLLBACK_URL",
    }.items()
}
is_return = push["release"] != push["push"]
text = (
    f"{push['deployment']}: {push['user']} "
    + (
        f"went back to release {push['release']}"
        if is_return
        else f"went back to {push['rollback']}"
        if push["rollback"]
        else f"pushed {push['ref']}"
    )
    + f" (push {push['push']})"
    + (f": {push['comment']}" if push["comment"] else "")
)
try:
    url = os.environ["NOTIFY_URL"]
    if not url.startswith(("https://", "http://")):
        raise ValueError
    request = urllib.request.Request(
        url,
        json.dumps({"text": text, **push}).encode(),
        {"Content-Type": "application/json", "User-Agent": "bootstrapper"},
    )
    with urllib.request.urlopen(request, timeout=10):
        print(f"notified: {text}")
except (OSError, ValueError, http.client.HTTPException) as error:
    if isinstance(error, urllib.error.HTTPError):
        error.close()
    # The error's own text may contain the address.
    fault = (
        f"answered {error.code}"
        if isinstance(error, urllib.error.HTTPError)
        else (
            "does not answer" if isinstance(error, OSError) else "is not the address of a webhook"
        )
    )
    message = f"NOTIFY_URL: {fault}, so nobody is notified\n{NEXT}"
    if os.environ.get("NOTIFY_REQUIRED"):
        raise SystemExit(message) from None
    print(message)
