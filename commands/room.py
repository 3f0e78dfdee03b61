"""Where a notebook is served, and how a room full of phones is told: an address, and a QR code of it."""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import NamedTuple

PORT = 2718
EVERYWHERE = ("0.0.0.0", "::")
TRIED = 20  # ports from PORT on, of which the first that is free is taken where none is asked for


class Place(NamedTuple):
    """Where it is served: the host to listen at, the port, and the address that others type."""

    host: str
    port: int
    address: str

    @property
    def alone(self) -> bool:
        """Whether only this computer can reach it."""
        return _loopback(self.host)


def place(host: str | None, port: int | None) -> Place:
    """The place for a host (None: this computer alone) and a port (None: the first that is free).

    Raises InputError for a port out of range or taken, and for a host that this computer is not.
    """
    from testbed import InputError, checks

    host = host or "127.0.0.1"
    ports = range(PORT, PORT + TRIED) if port is None else [checks.integer("demo", "--port", port, 1, 65535)]
    reason = ""
    for tried in ports:
        reason = _refused(host, tried)
        if not reason:
            return Place(host, tried, f"http://{_reached(host)}:{tried}")
    raise InputError(f"demo: cannot serve at {host}, port {ports[-1]}: {reason}")


def announce(at: Place) -> None:
    """Print the address, and where stdout is a terminal that others can reach, a QR code of it."""
    print(at.address if at.alone else f"{at.address}  for everyone in this network, until Ctrl-C", flush=True)
    if at.alone or not sys.stdout.isatty():
        return
    from testbed import checks

    checks.installed("demo", "demos", "segno")
    import segno

    segno.make(at.address, micro=False).terminal(compact=True, border=2)
    sys.stdout.flush()


def _refused(host: str, port: int) -> str:
    """Why nothing can be served there, empty if it can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM,
                                                         flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        return str(getattr(error, "strerror", None) or error)
    return ""


def _reached(host: str) -> str:
    """The name by which others reach this computer."""
    if host not in EVERYWHERE:
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it asks which of our addresses leads out
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
