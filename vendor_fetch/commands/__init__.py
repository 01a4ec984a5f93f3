"""The commands of `python -m vendor_fetch`: their options, and what they print."""
