"""Where collectstatic puts the files that Apache serves below /static/."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedFilesStorage(ManifestStaticFilesStorage):
    """Each name holds a hash of the content, also where JavaScript modules import one another."""

    support_js_module_import_aggregation = True

    def url_converter(self, name, *args, **options):
        """Leave an import in JavaScript as it is if there is no such file.

        Django finds imports by regular expressions, in comments and other people's packages, too.
        """
        convert = super().url_converter(name, *args, **options)
        if not name.endswith(".js"):
            return convert

        def convert_known(match):
            try:
                return convert(match)
            except ValueError:
                return match["matched"]

        return convert_known
