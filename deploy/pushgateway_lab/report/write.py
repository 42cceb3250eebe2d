"""A report as files of a directory: for a web server, a CI system and a browser."""

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from pushgateway_lab.lab.results import Report
from pushgateway_lab.report import as_json, junit, page

FILES = ("report.json", "report.xml", "report.html")


def write(report: Report, directory: Path, *, every: float | None = page.EVERY) -> None:
    """Write report.json, report.xml and report.html; make the directory if it is missing.

    Each file is replaced in one step: a reader sees the old one or the new one, never a part.

    + every: see `pushgateway_lab.report.page.text`

    Raises:
        OSError: a file cannot be written; the error has its path.
    """
    texts = (as_json.text(report), junit.text(report), page.text(report, every=every))
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in zip(FILES, texts, strict=True):
        _replace(directory / name, text)


def _replace(path: Path, text: str) -> None:
    # Without `tempfile`, whose files only their owner can read: a web server reads these.
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with temporary.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
        temporary.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with suppress(OSError):  # after the rename it is gone
            temporary.unlink()
