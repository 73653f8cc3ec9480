"""What can go wrong with documents and questions.

FundstelleError
├── InvalidInput          the caller's value is not acceptable; the message says what is
│   ├── InvalidId         an id is not 1..200 characters of [A-Za-z0-9._-]
│   ├── InvalidDate       a date is not YYYY, YYYY-MM or YYYY-MM-DD
│   ├── EmptyDocument     there is no text in it
│   ├── UnreadableFile    not text, damaged, encrypted or of a kind not supported
│   └── TooLarge          over the size limit
├── Conflict              the change would silently replace something else
├── NotFound              no such document or citation
│   └── TextDropped       there was one, until its text was dropped by `fundstelle gc`
└── StoreError            the store on disk is damaged, foreign or locked
"""

from __future__ import annotations


class FundstelleError(Exception):
    """Base of all errors raised by ``qa``. ``str(error)`` is fit to show to a user."""


class InvalidInput(FundstelleError):
    """The caller's value is not acceptable."""


class InvalidId(InvalidInput):
    """An id is not 1..200 characters of ``[A-Za-z0-9._-]``."""


class InvalidDate(InvalidInput):
    """A date is not ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, or does not exist."""


class EmptyDocument(InvalidInput):
    """A document without any visible text."""


class UnreadableFile(InvalidInput):
    """A file that is not text, is damaged, encrypted or of an unsupported kind."""


class TooLarge(InvalidInput):
    """A file or text over the size limit."""


class Conflict(FundstelleError):
    """The change would silently replace something else."""


class NotFound(FundstelleError):
    """No such document, text version or citation."""


class TextDropped(NotFound):
    """The text that a citation names was dropped, being current for no document any more."""


class StoreError(FundstelleError):
    """The store on disk is damaged, foreign, newer than this program, or locked."""


class StoreUnavailable(StoreError):
    """The server that holds the store does not answer at the moment."""
