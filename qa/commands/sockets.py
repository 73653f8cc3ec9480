"""Several processes behind one port. Knows sockets, nothing of what is served."""

from __future__ import annotations

import socket
import sys
from typing import Any

SPREADS = sys.platform.startswith("linux")
"""Whether the system spreads connections over all sockets of one address (SO_REUSEPORT)."""


class OneOfSeveral(socket.socket):
    """A bound socket of which each process that it is passed to gets one of its own.

    Processes that accept from one and the same socket do not share its connections out: the first
    to wake takes all that have come, and keeps them for as long as they last.
    """

    def __reduce_ex__(self, _: object) -> tuple[Any, ...]:
        """What another process makes it from."""
        return bound, (self.family, self.getsockname())


def bound(family: int, address: Any) -> OneOfSeveral:  # noqa: ANN401
    """One more socket of this address."""
    made = OneOfSeveral(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(address)
    return made


def sockets_for_each(taken: socket.socket) -> list[socket.socket]:
    """To be passed to the processes, for a socket that is bound, which shows the port is free.

    The one that stays here is not listened on; it keeps the port.
    """
    if not SPREADS:
        return [taken]
    family, address = taken.family, taken.getsockname()
    taken.close()
    return [bound(family, address)]
