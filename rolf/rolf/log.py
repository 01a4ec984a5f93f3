import json
import logging
from datetime import UTC, datetime

# Attributes of every record. All others come from the `extra` argument.
STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "request", "server_time"}


class JsonFormatter(logging.Formatter):
    """Format a record as one line of JSON. Keys of `extra` become keys of the JSON object.

    `project` tells the sites of a server apart, which share Apache's error log.
    """

    def __init__(self, project):
        super().__init__()
        self.project = project

    def format(self, record):
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
