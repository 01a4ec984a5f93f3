"""An error of the trial sync leads to a command that helps: in the user's file, or with --relax."""

import pytest

from bootstrapper.errors import WorkFailed
from vendor_fetch.adopt.adoption import adopt
from vendor_fetch.adopt.failure import of_own_files
from vendor_fetch.adopt.requirement_entry import entry_of

LINES = ("Django==1.8.5", "pytz==2013b", "MySQL-python==1.2.5", "PIL==1.1.7", "odd>=1")
ADOPTION = adopt([entry_of(f"list.txt:{at}", line) for at, line in enumerate(LINES, 1)])
APPS_IN = "".join(f"{line}\n" for line in ADOPTION.lines)
NEXT = "${EDITOR:-vi} requirements/apps.in  # correct the line, then: sync"


@pytest.mark.parametrize(
    ("where", "fault", "next_step"),
    [
        ("pytz", "its build fails", "--relax pytz  # lets its version move; or change the line"),
        ("pytz-2013b0.tar.gz", "its build fails", "--relax pytz  # lets its version move"),
        ("requirements/apps.in:1", "no version can be used", "--relax django  # lets"),
        (
            "mysql-python",
            "its build fails",
            "list.txt  # write mysqlclient for mysql-python, then: ",
        ),
        (
            "requirements/apps.in:4",
            "the index has no package pil",
            "# write pillow for pil, then: ",
        ),
        ("requirements/apps.in:1", "the index has no package django", "# change the requirement, "),
        ("requirements/apps.in:5", "no version can be used", "# change the requirement, then: "),
        ("odd", "its build fails", "# change the requirement, then: "),
    ],
)
def test_next_step_is_one_that_helps(where: str, fault: str, next_step: str) -> None:
    error = of_own_files(WorkFailed(where, fault, NEXT), ADOPTION, APPS_IN)
    assert next_step in error.next_step
    assert "requirements/apps.in" not in str(error)


def test_other_errors_stay() -> None:
    error = WorkFailed("the index", "cannot be reached", "retry")
    assert of_own_files(error, ADOPTION, APPS_IN) is error
