# Sends a message about the push to the webhook NOTIFY_URL: JSON by POST, "text" and the details.
#
# Chats such as Mattermost or Slack show the text. The address is a secret and is never shown. A message
# that could not be sent does not fail the push.
#
# NOTIFY_REQUIRED    1: it does
#
# needs: NOTIFY_URL
import http.client
import json
import os
import urllib.error
import urllib.request

NEXT = "  next: see that NOTIFY_URL is the whole address of a webhook that still exists"

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
back = push["release"] != push["push"]
text = (
    f"{push['deployment']}: {push['user']} "
    + (
        f"went back to release {push['release']}"
        if back
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
        print(f"told: {text}")
except (OSError, ValueError, http.client.HTTPException) as error:
    # Not in its own words, which may name the address.
    fault = (
        f"answered {error.code}"
        if isinstance(error, urllib.error.HTTPError)
        else ("does not answer" if isinstance(error, OSError) else "is no address of a webhook")
    )
    told = f"NOTIFY_URL: {fault}, so nobody is told\n{NEXT}"
    if os.environ.get("NOTIFY_REQUIRED"):
        raise SystemExit(told) from None
    print(told)
