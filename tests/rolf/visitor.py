"""Somebody who visits a Rolf, without a browser's scripts."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request


class Visitor:
    """Keeps cookies, follows redirects, fills in forms."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies))

    def open(self, path: str, **form: str) -> "tuple[int, str, str]":
        """The status, the address one is led to, and the page."""
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with self._opener.open(self.address + path, data, timeout=20) as answer:
                return answer.status, answer.url, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.url or "", error.read().decode()

    def sign_in(self, name: str, password: str) -> "tuple[int, str, str]":
        """Fill in the form as it is shown."""
        _, _, page = self.open("sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, page
        return self.open("sign-in/", username=name, password=password,
                         csrfmiddlewaretoken=token[1])
