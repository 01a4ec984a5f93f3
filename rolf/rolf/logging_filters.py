"""Log a refused request as one line. Only errors of the server have a traceback."""


def drop_client_error_traceback(record):
    """Remove the traceback of a response below 500 from its record; a filter for logging."""
    if getattr(record, "status_code", 500) < 500:
        record.exc_info = record.exc_text = None
    return True
