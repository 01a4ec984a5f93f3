"""How an operation of the API is declared: what it needs is said once, checked and published."""

import re
from inspect import Parameter, Signature, cleandoc

from django.db import transaction

from .authentication import Bearer
from .responses import Problem, problem

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
FAILURES = {401, 403, 404, 422}  # what any operation may answer instead


def get(router, path, level, response, *, failures=frozenset(), **more):
    """Declare what only reads."""
    return _declared(router, "GET", path, level, {200: response}, FAILURES | failures, **more)


def post(router, path, level, response, *, atomic=True, **more):
    """Declare what changes something: in one transaction, done or not done.

    An operation that sees to that itself is not `atomic`.
    """
    declare = _declared(router, "POST", path, level, {202: response}, FAILURES | {409}, **more)
    return lambda view: declare(transaction.atomic(view) if atomic else view)


def refuse_the_rest(router):
    """Answer the methods that an address doesn't have as every failure is told."""
    for path, view in router.path_operations.items():
        allowed = {method for declared in view.operations for method in declared.methods}
        rest = sorted(METHODS - allowed)
        router.api_operation(rest, path, include_in_schema=False)(_refusal(path, sorted(allowed)))


def _refusal(path, allowed):
    def refuse(request, **address):
        told = ", ".join(allowed)
        return problem(request, 405, f"This address answers {told}.", headers={"Allow": told})

    # Ninja wants the parameters of the address by name.
    names = ["request", *re.findall(r"{int:(\w+)}", path)]
    refuse.__signature__ = Signature(
        [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=int) for name in names])
    return refuse


def _declared(router, method, path, level, response, failures, **more):
    def declare(view):
        summary, _, description = (view.__doc__ or "").partition("\n")
        return router.api_operation(
            [method], path, auth=Bearer(level), operation_id=view.__name__,
            summary=summary.rstrip("."), description=cleandoc(description),
            response=response | dict.fromkeys(sorted(failures), Problem),
            openapi_extra={"x-needs": level.label}, **more)(view)

    return declare
