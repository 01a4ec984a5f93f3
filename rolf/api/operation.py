"""Declare operations of the API. The declared level is checked, and is part of the schema."""

import re
from inspect import Parameter, Signature, cleandoc

from django.db import transaction

from .authentication import Bearer
from .responses import Problem, problem

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
FAILURES = {401, 403, 404, 422}  # statuses of errors that every operation can return


def get(router, path, level, response, *, failures=frozenset(), **more):
    """Return the decorator for an operation that only reads."""
    return _declared(router, "GET", path, level, {200: response}, FAILURES | failures, **more)


def post(router, path, level, response, *, atomic=True, **more):
    """Return the decorator for an operation that changes something.

    It runs in one transaction, unless it is not `atomic`.
    """
    declare = _declared(router, "POST", path, level, {202: response}, FAILURES | {409}, **more)
    return lambda view: declare(transaction.atomic(view) if atomic else view)


def refuse_the_rest(router):
    """Answer 405 with a problem (RFC 9457) for all other methods of the router's URLs."""
    for path, view in router.path_operations.items():
        allowed = {method for declared in view.operations for method in declared.methods}
        rest = sorted(METHODS - allowed)
        router.api_operation(rest, path, include_in_schema=False)(_refusal(path, sorted(allowed)))


def _refusal(path, allowed):
    methods = ", ".join(allowed)

    def refuse(request, **path_parameters):
        return problem(
            request, 405, f"This URL supports only {methods}.", headers={"Allow": methods}
        )

    # Ninja passes only the parameters that the signature names.
    names = ["request", *re.findall(r"{int:(\w+)}", path)]
    refuse.__signature__ = Signature(
        [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=int) for name in names]
    )
    return refuse


def _declared(router, method, path, level, response, failures, **more):
    def declare(view):
        summary, _, description = (view.__doc__ or "").partition("\n")
        return router.api_operation(
            [method],
            path,
            auth=Bearer(level),
            operation_id=view.__name__,
            summary=summary.rstrip("."),
            description=cleandoc(description),
            response=response | dict.fromkeys(sorted(failures), Problem),
            openapi_extra={"x-needs": level.label},
            **more,
        )(view)

    return declare
