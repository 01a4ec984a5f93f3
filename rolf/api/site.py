"""The API: all operations, and the schema (OpenAPI 3)."""

from ninja import NinjaAPI

from api import deployments, following, operation, pushes, responses

DESCRIPTION = """\
Every request needs a token: `Authorization: Bearer rolf_…`. A token is for some or all deployments
that its user can see. The status is 404 for a deployment that the token cannot see, and 403 for an
operation that it cannot do. `x-needs` is the level on the deployment that an operation needs. With
`Accept: text/plain`, responses are text for shell scripts. Errors are problems as in RFC 9457.
"""


class Api(NinjaAPI):
    """NinjaAPI whose schema has problems under their own media type."""

    _schema = None

    def get_openapi_schema(self, **more):
        """Return the schema as a dictionary.

        It is made once: that takes a third of a second, and anybody may ask for it.
        """
        if self._schema is None:
            self._schema = self._make_schema(**more)
        return self._schema

    def _make_schema(self, **more):
        schema = super().get_openapi_schema(**more)
        for path in schema["paths"].values():
            for operation_schema in path.values():
                for status, response in operation_schema["responses"].items():
                    if int(status) >= 400 and "content" in response:
                        [problem] = response["content"].values()
                        response["content"] = {responses.MEDIA_TYPE: problem}
        return schema


api = Api(
    title="Rolf",
    version="1",
    description=DESCRIPTION,
    urls_namespace="operations",
    docs_url=None,
    openapi_url="/openapi.json",
)
responses.register(api)
for module in (deployments, pushes, following):
    operation.refuse_the_rest(module.router)
    api.add_router("", module.router)
