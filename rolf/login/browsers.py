"""Names of browsers and systems, for people who look at their sessions."""

# Each browser claims to be those below it.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def describe(agent):
    """Return what a User-Agent stands for, such as "Firefox on Linux"."""
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    return " on ".join(filter(None, (browser or "an unknown browser", system)))


def _first(names, agent):
    return next((name for mark, name in names.items() if mark in agent), "")
