"""Serve /static/ under ASGI with WhiteNoise, where no Apache serves it."""

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise's middleware for ASGI. Under WSGI each event stream would cost a thread."""

    sync_capable = async_capable = True

    def __init__(self, get_response):
        """Be asynchronous if the next middleware is."""
        super().__init__(get_response)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request):
        """Serve a static file; pass other requests on."""
        if not iscoroutinefunction(self):
            return super().__call__(request)
        return self._answer(request)

    async def _answer(self, request):
        if request.path_info.startswith(self.static_prefix):
            found = await sync_to_async(self._served, thread_sensitive=False)(request)
            if found is not None:
                return found
        return await self.get_response(request)

    def _served(self, request):
        static_file = self.find_file(request.path_info)
        return static_file and self.serve(static_file, request)

    @staticmethod
    def serve(static_file, request):
        """Return a whole file. The largest is an editor's, of half a megabyte."""
        answer = static_file.get_response(request.method, request.META)
        body = b""
        if answer.file:
            with answer.file as file:
                body = file.read()
        response = HttpResponse(body, status=int(answer.status))
        del response["content-type"]
        for name, value in answer.headers:
            response[name] = value
        return response
