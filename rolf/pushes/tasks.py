"""What is put into the queue, for a worker to do."""

from django_tasks import task

# Queues of their own, so that who looks at a repository doesn't wait for long pushes.
PUSHES, SURVEYS = "pushes", "surveys"


@task(queue_name=PUSHES)
def run_push(push_id):
    """Carry out a push that waits for it."""
    from .run.runner import run

    run(push_id)


@task(queue_name=SURVEYS)
def prune():
    """Let old logs go."""
    from .retention import prune

    prune()


@task(queue_name=SURVEYS)
def survey(survey_id):
    """Find out what is at a ref of a deployment's repository."""
    from .run.survey import answer

    answer(survey_id)
