"""A plain keep-alive HTTP/1.1 connection that sends prepared requests and reads whole answers."""

import socket
import time


class Refused(Exception):
    """The server answered with something else than 200."""


class Connection:
    def __init__(self, port, timeout=600):
        self.port, self.timeout = port, timeout
        self.socket = None
        self.buffer = bytearray(1 << 20)

    def _open(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def send(self, request, keep=True):
        """Returns the answer's body; only its length, in bytes, with keep=False."""
        for attempt in (1, 2):
            if self.socket is None:
                self._open()
            try:
                self.socket.sendall(request)
                return self._answer(keep)
            except (ConnectionError, EOFError):
                # A server that closes idle connections has not seen this request.
                self.close()
                if attempt == 2:
                    raise

    def _answer(self, keep):
        head = b""
        while b"\r\n\r\n" not in head:
            part = self.socket.recv(65536)
            if not part:
                raise EOFError("the server hung up")
            head += part
        head, _, rest = head.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers["content-length"])
        parts = [rest] if keep else None
        got = len(rest)
        while got < length:
            count = self.socket.recv_into(self.buffer)
            if count == 0:
                raise EOFError("the server hung up")
            got += count
            if keep:
                parts.append(bytes(self.buffer[:count]))
        status = int(lines[0].split()[1])
        if headers.get("connection", "").lower() == "close":
            self.close()
        if status != 200:
            raise Refused(f"{status}: {(b''.join(parts) if keep else rest)[:500].decode(errors='replace')}")
        return b"".join(parts) if keep else length


def until(condition, seconds, what):
    """Waits for what a benchmark prepares; never used inside a measurement."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)
