"""The tasks of Rolf's queue, which a worker carries out.

Each task imports its code when it runs, so that the web server does not need memory for it.
"""

from django_tasks import task

# Two queues, so that a look at a repository does not wait for long pushes.
PUSHES, SURVEYS = "pushes", "surveys"


@task(queue_name=PUSHES)
def run_push(push_id):
    """Carry out a queued push."""
    from .run.runner import run

    run(push_id)


@task(queue_name=SURVEYS)
def prune():
    """Remove old logs."""
    from . import retention

    retention.prune()


@task(queue_name=SURVEYS)
def survey(survey_id):
    """Answer a survey: look up a ref in the repository of a deployment."""
    from .run.survey import answer

    answer(survey_id)
