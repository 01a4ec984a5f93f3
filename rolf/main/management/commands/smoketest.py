"""./manage.py smoketest: ask a running site for what must work, from outside."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from main.smoke import Site, SmokeTestFailed, smoke_tests


class Command(BaseCommand):
    """Run the smoke tests; a deployment calls this last."""

    help = "Ask a running site for its front page, the admin's login with its styles, and /healthz."
    # The site is what is examined, not this process: no checks, no database.
    requires_system_checks = ()

    def add_arguments(self, parser):
        """Declare the command line."""
        parser.add_argument(
            "url",
            nargs="?",
            default="http://127.0.0.1",
            help="address of the site (default: %(default)s)",
        )
        parser.add_argument(
            "--host",
            help=(
                "name to ask for, where the address is not the site's own "
                f"(default: {settings.SITE_DOMAIN} for a loopback address)"
            ),
        )
        parser.add_argument(
            "--timeout", type=float, default=30, help="seconds for each answer (default: 30)"
        )

    def handle(self, *, url, host, timeout, **options):
        """Run every test, say what each found, and fail if one did."""
        site = Site(url, host=host, timeout=timeout)
        failed = 0
        for name, test in smoke_tests:
            try:
                test(site)
            except SmokeTestFailed as fault:
                failed += 1
                self.stderr.write(f"FAILED  {name}: {fault}")
            else:
                self.stdout.write(f"ok      {name}")
        if failed:
            raise CommandError(
                f"{url}: {failed} of {len(smoke_tests)} smoke tests failed\n"
                "  next: look at the end of the web server's error log"
            )
