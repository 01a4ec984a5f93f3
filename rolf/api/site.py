"""The API: its operations together, and its schema (OpenAPI 3)."""

from ninja import NinjaAPI

from api import deployments, following, operation, pushes, responses

DESCRIPTION = """\
Every call shows a token: `Authorization: Bearer rolf_…`. It sees the deployments it was made for,
as far as its person may see them; what it can't see answers 404, what it may not do 403.
`x-needs` tells what an operation needs on the deployment. `Accept: text/plain` gives shells their
answer as text. What goes wrong is told as RFC 9457 has it.
"""


class Api(NinjaAPI):
    """Ninja's, with problems under their own media type in the schema, as they are sent."""

    def get_openapi_schema(self, **more):
        """Return the schema as a dictionary."""
        schema = super().get_openapi_schema(**more)
        for path in schema["paths"].values():
            for described in path.values():
                for status, response in described["responses"].items():
                    if int(status) >= 400 and "content" in response:
                        [told] = response["content"].values()
                        response["content"] = {responses.MEDIA_TYPE: told}
        return schema


api = Api(title="Rolf", version="1", description=DESCRIPTION, urls_namespace="operations",
          docs_url=None, openapi_url="/openapi.json")
responses.register(api)
for module in (deployments, pushes, following):
    operation.refuse_the_rest(module.router)
    api.add_router("", module.router)
