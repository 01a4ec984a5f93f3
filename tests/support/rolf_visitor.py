"""A visitor of a Rolf, without a browser's scripts."""

import http.client
import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request


def ask(
    address: str, form: "dict[str, str] | None" = None, **headers: str
) -> "tuple[int, http.client.HTTPMessage, str]":
    """Send one request; the status, the headers and the page, whatever they are."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        answer = urllib.request.urlopen(urllib.request.Request(address, data, sent), timeout=20)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read().decode()


def token_of(page: str) -> str:
    """What a page's form must be sent back with."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found, page
    return found[1]


class Visitor:
    """Keeps cookies, follows redirects, fills in forms."""

    def __init__(self, address: str, *handlers: urllib.request.BaseHandler, **headers: str) -> None:
        """Send the headers with each request; their names have - for _."""
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies), *handlers
        )
        self._opener.addheaders += [
            (name.replace("_", "-"), value) for name, value in headers.items()
        ]

    def open(self, path: str, **form: str) -> "tuple[int, str, str]":
        """The status, the address one is led to, and the page."""
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with self._opener.open(self.address + path, data, timeout=20) as answer:
                return answer.status, answer.url, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.url or "", error.read().decode()

    def sign_in(self, name: str, password: str) -> "tuple[int, str, str]":
        """Fill in the form as it is shown."""
        _, _, page = self.open("sign-in/")
        return self.open(
            "sign-in/", username=name, password=password, csrfmiddlewaretoken=token_of(page)
        )
