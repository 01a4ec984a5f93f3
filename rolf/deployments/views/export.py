"""A deployment taken along, as files of a project."""

from django.http import HttpResponse
from django.shortcuts import render

from .. import exporting
from ..access import needs
from ..models import Level


@needs(Level.EDIT)
def export(request, deployment):
    """Show its deployments.toml; `as` gives it as a file, or all its files in a tar."""
    name = exporting.name_of(deployment)
    match request.GET.get("as"):
        case "toml":
            return _file(exporting.toml(deployment), "deployments.toml", "application/toml")
        case "tar":
            return _file(exporting.tar(deployment), f"{name}.tar.gz", "application/gzip")
    return render(request, "deployments/export.html", {
        "deployment": deployment, "tab": "deployment-edit", "files": exporting.files(deployment)})


def _file(content, name, kind):
    return HttpResponse(content, content_type=kind, headers={
        "Content-Disposition": f'attachment; filename="{name}"'})
