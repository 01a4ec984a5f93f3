"""What is put into the queue, for a worker to do."""

from django_tasks import task


@task()
def run_push(push_id):
    """Carry out a push that waits for it."""
    from worker.push_run import run

    run(push_id)


@task()
def survey(survey_id):
    """Find out what is at a ref of a deployment's repository."""
    from worker.surveying import answer

    answer(survey_id)
