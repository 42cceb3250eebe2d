"""The exceptions this package raises for a configuration it will not touch."""


class ScrapeConfigError(ValueError):
    """A prometheus.yml that cannot be read, or not be changed without changing more than asked.

    + line: the line it is about, counted from 1, or None when it is about the whole file
    + reason: one sentence for the operator, with the next step where there is one
    """

    def __init__(self, line: int | None, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(reason if line is None else f"line {line}: {reason}")


class LimitError(ScrapeConfigError):
    """A configuration beyond a limit; the message holds numbers, and nothing of the file."""


_LONGEST_QUOTE = 60


def quoted(text: str) -> str:
    """Return a text of a file for a message: escaped, in quotes, and cut after 60 characters."""
    cut = text[:_LONGEST_QUOTE]
    return repr(cut + "…" if len(text) > _LONGEST_QUOTE else text)


def shortened(name: str) -> str:
    """Return the name of an anchor for a message: without quotes, and cut after 60 characters."""
    return quoted(name)[1:-1]
