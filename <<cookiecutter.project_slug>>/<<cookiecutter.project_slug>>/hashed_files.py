"""Where collectstatic puts the files that Apache serves below /static/."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedFilesStorage(ManifestStaticFilesStorage):
    """Each name holds a hash of the content, also where JavaScript modules import one another."""

    support_js_module_import_aggregation = True
