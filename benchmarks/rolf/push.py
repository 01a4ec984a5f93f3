"""A push of Rolf's, from the click to the end that a page shows."""

import json
import re
import time
from collections.abc import Mapping

from benchmarks.rolf.browser import Browser
from benchmarks.rolf.events import events
from benchmarks.rolf.lap import Lap

CURSOR = re.compile(r'data-cursor="([^"]*)"')


def push(
    browser: Browser, deployment: int, fields: Mapping[str, str] = {}, *, says: str = "line"
) -> Lap:
    """Click, follow the page's stream until it tells the end; RuntimeError if it didn't succeed.

    `first` is when something with the word `says` in it was on the page.
    """
    page = f"/deployments/{deployment}/"
    form = browser.form(page)
    begun = time.perf_counter()
    address = browser.send(f"{page}push/", {"ref": "main", **form, **fields})
    found = CURSOR.search(browser.get(address))
    first = 0.0
    with browser.open("GET", f"{address}follow/?cursor={found[1] if found else ''}") as stream:
        for event in events(stream):
            news = json.loads(event.data)
            if not first and says in news["html"]:
                first = time.perf_counter() - begun
            if not news["active"]:
                break
    whole = time.perf_counter() - begun
    if "state succeeded" not in browser.get(address):
        raise RuntimeError(f"the push {address} failed")
    return Lap(first=first, whole=whole)
