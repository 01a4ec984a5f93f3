"""manage.py rolf: all of Rolf, on this machine alone, until it is told to end."""

import gc
import os
import sys
from pathlib import Path

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections
from django.urls import get_resolver

from accounts.first_superuser import first_superuser
from server import web
from worker.management.commands import worker
from worker.release import Release

from ...processes import ProcessTree
from ...web import Listener

DATA = settings.BASE_DIR / "data"


class Command(BaseCommand):
    """The command."""

    help = "Run all of Rolf: the web server and a worker, in one process tree."

    def add_arguments(self, parser):
        """Say what may be chosen."""
        parser.add_argument("--port", type=int, default=8000, metavar="N",
                            help="where it answers (default: %(default)s)")
        parser.add_argument("--bind", default="127.0.0.1", metavar="ADDRESS",
                            help="the device that it answers on (default: %(default)s)")
        parser.add_argument("--slots", type=int, default=worker.SLOTS, metavar="N",
                            help="pushes at a time (default: %(default)s)")
        parser.add_argument("--check", action="store_true",
                            help="only see whether all of it can be loaded")

    def handle(self, *, port, bind, slots, check, **options):
        """Begin, tell where, and run."""
        if check:  # Django's own checks are done, all that is needed is imported
            return
        release = Release()
        release.pin()
        listener = Listener.of(bind, port)
        settings.ALLOWED_HOSTS.append(listener.host)  # as which it was chosen, it may be asked for
        DATA.chmod(0o700)  # sessions and sealed secrets are nobody else's to read
        call_command("migrate", verbosity=0, interactive=False)
        self._tell(listener, first_superuser())

        def serve():
            web.serve(get_asgi_application(), listener.socket)

        def work():
            listener.socket.close()
            worker.work(slots)

        share()
        tree = ProcessTree(web=serve, worker=work, release=release)
        tree.run()
        if tree.anew:
            command = release.command(*sys.argv[1:])
            os.chdir(release.path)
            environment = listener.handed_on(environment_of_the_start())
            os.execve(command[0], command, environment)  # noqa: S606

    def _tell(self, listener, superuser):
        lines = [("address", listener.url)]
        if superuser:
            name, password = superuser
            lines += [("login", name), ("password", f"{password}  (shown this once)")]
        lines += [("data", DATA.resolve())]
        for title, text in lines:
            self.stdout.write(f"{title:<10}{text}")
        self.stdout.flush()


def share():
    """Load what either child needs, and leave it to them such that they go on sharing it."""
    get_resolver().url_patterns  # noqa: B018 - it imports every view
    connections.close_all()  # a connection that two processes have belongs to neither
    gc.collect()
    gc.freeze()  # a collection would write to every object, and so copy its page


def environment_of_the_start():
    """Return what the process was given, before .env was read: it may say something else now."""
    given = Path("/proc/self/environ").read_bytes().split(b"\0")
    pairs = [entry.partition(b"=") for entry in given if b"=" in entry]
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
