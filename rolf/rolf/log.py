"""One line of JSON for each log record, for whatever reads the web server's error log."""

import json
import logging
from datetime import UTC, datetime

# What every record has; anything else was given as `extra`.
STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "request", "server_time"}


class JsonFormatter(logging.Formatter):
    """Format a record as JSON; what was passed as `extra` becomes keys of its own."""

    def __init__(self, project):
        """Remember the name that sets this project apart where several share one log."""
        super().__init__()
        self.project = project

    def format(self, record):
        """Return the record as one line: a newline inside it is escaped by JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "project": self.project,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        line |= {key: value for key, value in vars(record).items() if key not in STANDARD}
        return json.dumps(line, default=str)
