"""manage.py rolf: the web server and a worker on this machine, until a signal ends them."""

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
    """The command `rolf`."""

    help = "Run Rolf: the web server and a worker, in one process tree."

    def add_arguments(self, parser):
        """Add the options."""
        parser.add_argument(
            "--port",
            type=int,
            default=8000,
            metavar="N",
            help="the port to listen on (default: %(default)s)",
        )
        parser.add_argument(
            "--bind",
            default="127.0.0.1",
            metavar="ADDRESS",
            help="the address to listen on (default: %(default)s)",
        )
        worker.add_worker_arguments(parser)
        parser.add_argument(
            "--check", action="store_true", help="only check that Rolf can be loaded"
        )

    def handle(self, *, port, bind, slots, labels, check, **options):
        """Migrate, print the address, and run."""
        if check:  # Django's checks have run, and every import has succeeded
            return
        release = Release()
        release.pin()
        listener = Listener.of(bind, port)
        settings.ALLOWED_HOSTS.append(listener.host)
        DATA.chmod(0o700)  # it holds sessions and encrypted secrets
        call_command("migrate", verbosity=0, interactive=False)
        self._print_start(listener, first_superuser())

        def serve():
            web.serve(get_asgi_application(), listener.socket)

        def work():
            listener.socket.close()
            worker.work(slots, labels, release)

        share()
        tree = ProcessTree(web=serve, worker=work, release=release)
        with listener.socket:
            tree.run()
            if tree.replaced:
                command = release.command(*sys.argv[1:])
                os.chdir(release.path)
                environment = listener.handed_on(environment_of_the_start())
                os.execve(command[0], command, environment)  # noqa: S606

    def _print_start(self, listener, superuser):
        lines = [("address", listener.url)]
        if superuser:
            name, password = superuser
            lines += [("login", name), ("password", f"{password}  (shown this once)")]
        lines += [("data", DATA.resolve())]
        for title, text in lines:
            self.stdout.write(f"{title:<10}{text}")
        self.stdout.flush()


def share():
    """Load what both children need, so that they share the memory of it."""
    get_resolver().url_patterns  # noqa: B018 - this imports every view
    connections.close_all()  # two processes cannot share a connection
    gc.collect()
    gc.freeze()  # else a collection writes to every object, which copies its page


def environment_of_the_start():
    """Return the environment that the process started with, before .env was read."""
    given = Path("/proc/self/environ").read_bytes().split(b"\0")
    pairs = [entry.partition(b"=") for entry in given if b"=" in entry]
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
