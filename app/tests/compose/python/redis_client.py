"""As much of Redis as a counter or a queue needs."""
import os
import socket
from urllib.parse import urlsplit


class Redis:
    def __init__(self):
        url = urlsplit(os.environ["REDIS_URL"])
        self._socket = socket.create_connection((url.hostname, url.port or 6379))
        self._file = self._socket.makefile("rb")

    def ask(self, *words):
        parts = [str(word).encode() for word in words]
        request = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        self._socket.sendall(request)
        return self._answer()

    def close(self):
        self._file.close()
        self._socket.close()

    def _answer(self):
        line = self._file.readline().strip()
        if line == b"":
            raise ConnectionError("Redis has gone")
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b"*":
            return None if rest == b"-1" else [self._answer() for _ in range(int(rest))]
        if kind == b"$":
            if rest == b"-1":
                return None
            return self._file.read(int(rest) + 2)[:-2].decode()
        return rest.decode()
