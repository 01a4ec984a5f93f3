"""The tasks of Rolf's queue. They wake `manage.py worker`, which looks at the rows itself.

The worker of a task library can carry them out as well. Each task imports its code when it runs, so
that the web server does not need memory for it.
"""

from django_tasks import task

from .queue import PUSHES, SURVEYS


@task(queue_name=PUSHES)
def run_push(push_id):
    """Carry out a queued push."""
    from .run.runner import run

    run(push_id)


@task(queue_name=SURVEYS)
def survey(survey_id):
    """Answer a survey: look up a ref in the repository of a deployment."""
    from .run.survey import run

    run(survey_id)
