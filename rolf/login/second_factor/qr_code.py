"""A QR code as SVG inside the page: the content security policy allows no data: images."""

import segno
from django.utils.safestring import mark_safe


def qr_code(text):
    """Return the code as an SVG element: black on white, also on dark pages."""
    code = segno.make(text, error="m")
    svg = code.svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr-code", lineclass=None
    )
    return mark_safe(svg)  # noqa: S308 - the library draws squares, and no text
