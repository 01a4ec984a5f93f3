# Empties CHECKOUT_DIR, so that no file of an earlier attempt gets into this push.
#
# needs:
find "$CHECKOUT_DIR" -mindepth 1 -delete
