"""The order of a deployment's stages."""

from history.models import recording


def put(deployment, wanted, user):
    """Put the stages in the order of their keys; those that aren't named stay behind the others.

    Keys of other deployments are none of these.
    """
    stages = {stage.pk: stage for stage in deployment.stages.all()}
    known = [key for key in dict.fromkeys(wanted) if key in stages]
    order = [*known, *(key for key in stages if key not in known)]
    for position, key in enumerate(order):
        stage = stages[key]
        if stage.position != position:
            with recording(user, stage, deployment):
                stage.position = position
                stage.save()
