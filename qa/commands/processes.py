"""Serves by several processes. Knows uvicorn, and of what is served only how to ask if ready."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from socket import socket

from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

WORKERS = "FUNDSTELLE_WORKERS"
"""Tells a process whether it serves alone."""

READY = "/readyz"
_ANSWERS_WITHIN = 1.0  # seconds; a process that does not is asked again
_OWN_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Processes(Multiprocess):
    """One process first, and the others beside it as soon as it can answer.

    So what has to be built is built once, the first is ready as soon as one alone would be, and
    says meanwhile how far it is. A process that dies is replaced.
    """

    def __init__(self, config: Config, sockets: Sequence[socket]) -> None:
        """As many as the configuration's workers; each gets the sockets."""
        super().__init__(config, list(sockets))
        self._wanted, self.processes_num = self.processes_num, 1
        host, port, *_ = sockets[0].getsockname()
        self._address = _OWN_ADDRESS.get(host, host), port
        os.environ[WORKERS] = "1"

    def keep_subprocess_alive(self) -> None:
        """Called twice a second."""
        super().keep_subprocess_alive()
        if self._wanted and not self.should_exit.is_set() and self._ready():
            os.environ[WORKERS] = str(self._wanted)
            self.processes_num = self._wanted - len(self.processes)
            self.init_processes()
            self.processes_num, self._wanted = len(self.processes), 0

    @property
    def failed(self) -> bool:
        """Whether a process could not be started, and has said why."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)

    def _ready(self) -> bool:
        with closing(HTTPConnection(*self._address, timeout=_ANSWERS_WITHIN)) as connection:
            try:
                connection.request("GET", READY)
                return connection.getresponse().status == 200
            except (OSError, HTTPException):
                return False
