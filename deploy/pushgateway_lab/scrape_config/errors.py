"""The exceptions of this package, for configurations that it refuses."""


class ScrapeConfigError(ValueError):
    """A prometheus.yml cannot be read, or an edit would change more than the job.

    + line: the line of the problem, counted from 1; None for the whole file
    + reason: one sentence for the operator, with the next step if there is one
    """

    def __init__(self, line: int | None, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(reason if line is None else f"line {line}: {reason}")


class LimitError(ScrapeConfigError):
    """A configuration is beyond a limit; the message holds numbers and no text of the file."""


_LONGEST_QUOTE = 60


def quoted(text: str) -> str:
    """Return a text of a file for a message: escaped, in quotes, cut after 60 characters."""
    cut = text[:_LONGEST_QUOTE]
    return repr(cut + "…" if len(text) > _LONGEST_QUOTE else text)


def shortened(name: str) -> str:
    """Return the name of an anchor for a message: escaped, without quotes, cut after 60 characters."""
    return quoted(name)[1:-1]
