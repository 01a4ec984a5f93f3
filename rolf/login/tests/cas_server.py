"""A CAS server that makes the mistakes that a test asks for."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from login.configuration import cas

from .environment import Environment

DOCUMENT = '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{}</cas:serviceResponse>'
LOGOUT = """\
<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="1" Version="2.0">
<samlp:SessionIndex>{}</samlp:SessionIndex></samlp:LogoutRequest>"""


class Server:
    """What the server answers. Tests change the attributes."""

    def __init__(self, address):
        """Know Ada, who has the ticket ST-1."""
        self.address = address
        self.tickets = {"ST-1": "ada"}
        self.attributes = {
            "groups": ["rolf-web", "staff"],
            "displayName": ["Ada Lovelace"],
            "mail": ["ada@example.org"],
        }
        self.reply = None  # (status, body) in the place of an answer
        self.requests = []

    def settings(self, **more):
        """Return the settings of a Rolf that uses it."""
        found = cas.settings(Environment(CAS_SERVER_URL=self.address, **more))
        del found["LOGIN_APPS"]
        return found

    def answer(self, ticket, service):
        """Return (status, body). A ticket works once."""
        self.requests.append((ticket, service))
        if self.reply:
            return self.reply
        name = self.tickets.pop(ticket, None)
        if name is None:
            return 200, DOCUMENT.format('<cas:authenticationFailure code="INVALID_TICKET"/>')
        attributes = "".join(
            f"<cas:{key}>{escape(value)}</cas:{key}>"
            for key, values in self.attributes.items()
            for value in values
        )
        return 200, DOCUMENT.format(
            f"<cas:authenticationSuccess><cas:user>{escape(name)}</cas:user>"
            f"<cas:attributes>{attributes}</cas:attributes></cas:authenticationSuccess>"
        )


@contextmanager
def server():
    """Run a Server on loopback."""
    found = SimpleNamespace()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            sent = {name: value[0] for name, value in parse_qs(urlsplit(self.path).query).items()}
            status, body = found.server.answer(sent.get("ticket"), sent.get("service"))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *words):
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        found.server = Server(f"http://127.0.0.1:{http.server_port}/cas")
        thread = threading.Thread(target=http.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield found.server
        finally:
            http.shutdown()
            thread.join()
