"""/static/ where no Apache serves it: WhiteNoise's answers, given under ASGI."""

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise's own is for WSGI: each event stream behind it would cost a thread."""

    sync_capable = async_capable = True

    def __init__(self, get_response):
        """Be what the rest of the chain is."""
        super().__init__(get_response)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request):
        """Answer for a file; hand everything else on."""
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
        """Return a file whole: the largest is an editor's half a megabyte."""
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
