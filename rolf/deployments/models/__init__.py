"""What is pushed: categories of applications, and their deployments."""

from .application import Application, Category
from .deployment import Deployment
from .flag import Flag
from .grant import Grant, Level
from .setting import Setting
from .stage import Stage
from .survey import Survey

__all__ = [
    "Application", "Category", "Deployment", "Flag", "Grant", "Level", "Setting", "Stage",
    "Survey",
]
