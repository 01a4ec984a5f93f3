"""What every step of one rebuild works with."""

from dataclasses import dataclass

from bootstrapper.progress import Progress
from bootstrapper.ve.project.project import Project
from bootstrapper.ve.python.interpreter import Interpreter
from bootstrapper.ve.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Context:
    """The project, the virtualenv's interpreter, the store, and how to work.

    `jobs` is the number of tasks to run at a time. `progress` shows the user how far they are.
    """

    project: Project
    interpreter: Interpreter
    store: Store
    jobs: int
    progress: Progress
