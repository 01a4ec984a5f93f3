"""Give rolf/ its vendored files: those of its lock, and our own wheel, built of this checkout.

A shop that generates a project commits its vendored files; here they are fetched (make rolf).
"""

import sys
from pathlib import Path

from bootstrapper.errors import BootstrapperError
from bootstrapper.progress import Progress
from vendor_fetch.generation import vendor

REPOSITORY = Path(__file__).resolve().parents[1]


def main() -> int:
    """Exit status, as everywhere."""
    try:
        vendor(REPOSITORY, REPOSITORY / "rolf", answer="rolf", progress=Progress())
    except BootstrapperError as error:
        print(error, file=sys.stderr)
        return error.status
    print("rolf/ has its files. Next:\n\n    cd rolf\n    ./bootstrap.py\n    ./manage.py rolf\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
