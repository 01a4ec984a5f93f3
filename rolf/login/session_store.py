"""Sessions in the database, in rows that name their user (SESSION_ENGINE)."""

import uuid
from datetime import timedelta
from ipaddress import ip_address

from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils.dateparse import parse_datetime

from database import clock

# How long a session stays that has no user: anybody can begin any number of logins at a provider.
VISIT = timedelta(hours=1)
CLIENT = "login.client"  # in the session: what `remember_client` found out about the browser


class SessionStore(db.SessionStore):
    """Django's store, with rows of `login.models.Session`."""

    last_seen = None  # what the row says, once it is loaded

    @classmethod
    def get_model_class(cls):
        """Return the model; Django loads it only when it is needed."""
        from .models import Session

        return Session

    def _get_session_from_db(self):
        row = super()._get_session_from_db()
        self.last_seen = row.last_seen if row else None
        return row

    def create_model_instance(self, data):
        """Return a row for the data, which Django then saves."""
        row = super().create_model_instance(data)
        client = data.get(CLIENT, {})
        row.number = client.get("number") or uuid.uuid4()
        row.user_id = data.get(SESSION_KEY)
        row.method = _method(data.get(BACKEND_SESSION_KEY, ""))
        row.address = client.get("address")
        row.agent = client.get("agent", "")
        row.started = parse_datetime(client["started"]) if "started" in client else None
        row.last_seen = self.last_seen = clock.now()
        if row.user_id is None:
            row.expire_date = min(row.expire_date, row.last_seen + VISIT)
        return row


def remember_client(request):
    """Keep in the session which browser logs in, from where, and when."""
    request.session[CLIENT] = {
        "number": str(uuid.uuid4()),
        "address": _address(request),
        "agent": request.headers.get("User-Agent", "")[:300],
        "started": clock.now().isoformat(),
    }


def _address(request):
    """Return the client's address, or None: proxies may send nonsense."""
    try:
        return str(ip_address(request.META.get("REMOTE_ADDR", "").partition("%")[0]))
    except ValueError:
        return None


def _method(backend):
    """Return the name of a back end's method: "login.methods.ldap.Backend" is "ldap"."""
    return backend.split(".")[-2][:20] if backend.count(".") > 1 else ""
