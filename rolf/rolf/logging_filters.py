"""What somebody asked in vain is a line in the log; a traceback is for what went wrong."""


def drop_client_error_traceback(record):
    """Leave out where a request was refused; a filter of logging's."""
    if getattr(record, "status_code", 500) < 500:
        record.exc_info = record.exc_text = None
    return True
