"""Files of a project in a form: a deployments.toml, or the .tar.gz of an export."""

from django import forms

from ..packing import LARGEST, PackFault, unpacked


class FilesField(forms.FileField):
    """Their texts by their paths; none where nothing is chosen."""

    widget = forms.FileInput(attrs={"accept": ".toml,.tar.gz,.tgz,.gz"})

    def clean(self, data, initial=None):
        """Read them. Raises ValidationError."""
        upload = super().clean(data, initial)
        if not upload:
            return {}
        if upload.size > LARGEST:
            raise forms.ValidationError(f"It is larger than {LARGEST >> 20} MiB.")
        try:
            return unpacked(upload.read())
        except PackFault as error:
            raise forms.ValidationError(str(error)) from None
