from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedFilesStorage(ManifestStaticFilesStorage):
    """Add a hash of the content to file names, in imports between JavaScript modules as well."""

    support_js_module_import_aggregation = True

    def url_converter(self, name, *args, **options):
        """Leave an import as it is if the file does not exist.

        Django finds imports by regular expressions, so it also finds those in comments.
        """
        convert = super().url_converter(name, *args, **options)
        if not name.endswith(".js"):
            return convert

        def convert_existing(match):
            try:
                return convert(match)
            except ValueError:
                return match["matched"]

        return convert_existing
