"""A browser must not take the part of a page that htmx fetched for the whole page."""

from asgiref.sync import iscoroutinefunction
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware


@sync_and_async_middleware
def vary_by_htmx(get_response):
    """Say that answers depend on HX-Request: one address gives htmx less than it gives a browser.

    Without that the Back button shows the part that was fetched last, without styles and scripts.
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
