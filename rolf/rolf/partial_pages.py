"""Keep browsers from showing a part of a page, fetched by htmx, as the whole page."""

from asgiref.sync import iscoroutinefunction
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware


@sync_and_async_middleware
def vary_by_htmx(get_response):
    """Add `Vary: HX-Request`, because a URL returns a part of the page to htmx.

    Without it, the Back button shows the part that htmx fetched last, without styles and scripts.
    """

    def marked(response):
        patch_vary_headers(response, ["HX-Request"])
        return response

    if iscoroutinefunction(get_response):

        async def answer(request):
            return marked(await get_response(request))
    else:

        def answer(request):
            return marked(get_response(request))

    return answer
