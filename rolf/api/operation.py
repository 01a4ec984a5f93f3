"""How an operation of the API is declared: what it needs is said once, checked and published."""

from inspect import cleandoc

from django.db import transaction

from .authentication import Bearer
from .problem import Problem, problem

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
FAILURES = {401, 403, 404, 422}  # what any operation may answer instead


def get(router, path, level, response, *, failures=frozenset(), **more):
    """Declare what only reads."""
    return _declared(router, "GET", path, level, {200: response}, FAILURES | failures, **more)


def post(router, path, level, response, **more):
    """Declare what changes something: in one transaction, done or not done."""
    declare = _declared(router, "POST", path, level, {202: response}, FAILURES | {409}, **more)
    return lambda view: declare(transaction.atomic(view))


def refuse_the_rest(router):
    """Answer the methods that an address doesn't have as every failure is told."""
    for path, view in router.path_operations.items():
        allowed = {method for declared in view.operations for method in declared.methods}

        def refuse(request, allowed=", ".join(sorted(allowed)), **address):
            return problem(request, 405, f"This address answers {allowed}.",
                           headers={"Allow": allowed})

        router.api_operation(sorted(METHODS - allowed), path, include_in_schema=False)(refuse)


def _declared(router, method, path, level, response, failures, **more):
    def declare(view):
        summary, _, description = (view.__doc__ or "").partition("\n")
        return router.api_operation(
            [method], path, auth=Bearer(level), operation_id=view.__name__,
            summary=summary.rstrip("."), description=cleandoc(description),
            response=response | dict.fromkeys(sorted(failures), Problem),
            openapi_extra={"x-needs": level.label}, **more)(view)

    return declare
