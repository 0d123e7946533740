"""PostgreSQL by its own client library. A connection for each piece of work, as many frameworks have it."""
import ctypes
import os
from contextlib import contextmanager

pq = ctypes.CDLL("libpq.so.5")
for name in ("PQconnectdb", "PQexecParams"):
    getattr(pq, name).restype = ctypes.c_void_p
for name in ("PQerrorMessage", "PQgetvalue"):
    getattr(pq, name).restype = ctypes.c_char_p


def _settings():
    with open(os.environ["DATABASE_PASSWORD_FILE"]) as file:
        password = file.read().strip()
    return "host=%s dbname=%s user=%s password=%s connect_timeout=20" % (
        os.environ["DATABASE_HOST"],
        os.environ["DATABASE_NAME"],
        os.environ["DATABASE_USER"],
        password,
    )


@contextmanager
def connection():
    """Gives a function that runs a statement and returns its rows."""
    handle = ctypes.c_void_p(pq.PQconnectdb(_settings().encode()))

    def run(statement, *values):
        count = len(values)
        array = (ctypes.c_char_p * count)(*[str(value).encode() for value in values])
        result = ctypes.c_void_p(
            pq.PQexecParams(handle, statement.encode(), count, None, array, None, None, 0)
        )
        try:
            if pq.PQresultStatus(result) not in (1, 2):
                raise RuntimeError(pq.PQerrorMessage(handle).decode().strip())
            columns = range(pq.PQnfields(result))
            return [
                [pq.PQgetvalue(result, row, column).decode() for column in columns]
                for row in range(pq.PQntuples(result))
            ]
        finally:
            pq.PQclear(result)

    try:
        if pq.PQstatus(handle) != 0:
            raise RuntimeError(pq.PQerrorMessage(handle).decode().strip())
        yield run
    finally:
        pq.PQfinish(handle)
