"""A deployment taken along, as files of a project."""

from bootstrapper.deploy.definition.deployment import FILE
from django.http import HttpResponse
from django.shortcuts import render

from .. import exporting
from ..access import needs
from ..models import Level
from ..packing import packed


@needs(Level.EDIT)
def export(request, deployment):
    """Show its deployments.toml; `as` gives it as a file, or all its files in a tar."""
    files = exporting.files(deployment)
    match request.GET.get("as"):
        case "toml" if files:
            return _file(files[FILE], "deployments.toml", "application/toml")
        case "tar" if files:
            return _file(packed(files), f"{exporting.name_of(deployment)}.tar.gz",
                         "application/gzip")
    return render(request, "deployments/export.html", {
        "deployment": deployment, "tab": "deployment-edit", "files": files})


def _file(content, name, kind):
    return HttpResponse(content, content_type=kind, headers={
        "Content-Disposition": f'attachment; filename="{name}"'})
