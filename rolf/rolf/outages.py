"""Settings with which Rolf notices within seconds that a server or the network is gone."""

# libpq, "Parameter Key Words". Without them, a query waits for a lost server for many minutes.
_CLIENT = {
    "connect_timeout": 5,  # seconds
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    # After a failover, the old server may answer as a standby. libpq then tries the next host.
    "target_session_attrs": "read-write",
}
# The server must not keep the locks of a worker that is gone.
_SERVER = {
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
}


def notice_lost_connections(database):
    """Add time-outs to the settings of a PostgreSQL database, unless they have their own."""
    options = database.setdefault("OPTIONS", {})
    for name, value in _CLIENT.items():
        options.setdefault(name, value)
    options.setdefault("options", " ".join(f"-c {name}={value}" for name, value in _SERVER.items()))


def with_time_outs(address):
    """Return the address of a Redis server with time-outs, in seconds."""
    separator = "&" if "?" in address else "?"
    return f"{address}{separator}socket_timeout=5&socket_connect_timeout=5"
