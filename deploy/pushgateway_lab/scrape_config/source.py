"""The configuration as characters: decoding, line breaks, lines and columns.

Indexes are positions in the text, counted in characters from 0; lines are counted from 1.
"""

import re

from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.limits import refuse_long
from pushgateway_lab.scrape_config.memory import spare_memory

BYTE_ORDER_MARK = "\ufeff"

# The line breaks of Prometheus's YAML parser (YAML 1.1, section 5.4). YAML 1.2 dropped the last three,
# but libyaml, from which that parser was translated, keeps them.
BREAKS = "\r\n\x85\u2028\u2029"
_BREAK = re.compile(f"\r\n|[{BREAKS}]")
_NEWLINE = re.compile("\r\n|\n|\r")

# The characters outside of YAML's printable ones (YAML 1.2, section 5.1, production c-printable).
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]",
)
# A byte order mark within the text (section 5.2) at a place where it would count as indentation.
_MARK_AT_LINE_START = re.compile(f"(?:(?<=[{BREAKS}])|\\A){BYTE_ORDER_MARK}")

# Blanks, line breaks and comments: the text that may be between two tokens. The last ``+``, here and below,
# makes the repetition possessive: else `re` would store each round, 170 bytes a line.
_BETWEEN_TOKENS = re.compile(f"(?:[ \t{BREAKS}]+|#[^{BREAKS}]*)*+")

_PROPERTY = re.compile(rf"[&!][^ \t{BREAKS}\[\]{{}},]*")
_REST_OF_LINE = re.compile(f"[^{BREAKS}]*")
_BLANK_LINES = re.compile(f"(?:[ \t]*[{BREAKS}])*+")
_BLANK_LINE = re.compile(f"(?:\\A|\r\n|\r(?!\n)|[\n\x85\u2028\u2029])[ \t]*[{BREAKS}]")


@spare_memory
def decode(data: bytes) -> str:
    """Return the text of a configuration file, with its byte order mark if there is one.

    UTF-16, which Prometheus reads, too, is refused: a file of that form is more likely damaged.

    Raises:
        ScrapeConfigError: the bytes are not UTF-8 (with the line), or more than `LONGEST`.

    Example:
        find_jobs(decode(Path("/etc/prometheus/prometheus.yml").read_bytes()))
    """
    refuse_long(len(data))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise ScrapeConfigError(line, reason) from None


def bytes_of(text: str) -> int:
    """Return the number of bytes of a text in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def refuse_characters(text: str) -> None:
    """Raise ScrapeConfigError for characters that YAML does not allow in a document."""
    found = _UNPRINTABLE.search(text)
    if found is None and BYTE_ORDER_MARK in text:
        found = _MARK_AT_LINE_START.search(text)
    if found is not None:
        reason = f"the character U+{ord(found.group()):04X} is not allowed in YAML; delete it"
        raise ScrapeConfigError(line_at(text, found.start()), reason)


def newline(text: str, index: int) -> str:
    """Return the line break of the line above the index, or of the first line, or LF."""
    start = line_start(text, index)
    found = _NEWLINE.search(text, without_last_break(text, start))
    return found.group() if found else "\n"


def line_at(text: str, index: int) -> int:
    """Return the number of the line with the character at the index.

    It is the number in Prometheus's messages: Prometheus knows more line breaks than most editors.
    """
    breaks = sum(text.count(character, 0, index) for character in BREAKS)
    return breaks - text.count("\r\n", 0, index) + 1


def line_start(text: str, index: int) -> int:
    """Return the index of the first character of the line with the index."""
    start = text.rfind("\n", 0, index) + 1
    return max(start, *(text.rfind(character, start, index) + 1 for character in BREAKS))


def column(text: str, index: int) -> int:
    """Return the number of characters before the index on its line."""
    return index - line_start(text, index)


def after_line(text: str, index: int) -> int:
    """Return the end of the line that ends at or after the index, its line break included."""
    if ends_line(text, index):
        return index
    match = _REST_OF_LINE.match(text, index)
    end = match.end() if match else index
    found = _BREAK.match(text, end)
    return found.end() if found else end


def after_blank_lines(text: str, index: int) -> int:
    """Return the end of the blank lines that start at the index."""
    match = _BLANK_LINES.match(text, index)
    return match.end() if match else index


def blank_lines_at(text: str, index: int) -> int:
    """Return the number of blank lines that start at the index."""
    return len(_BREAK.findall(text, index, after_blank_lines(text, index)))


def has_blank_line(text: str, start: int, end: int) -> bool:
    """Return whether there is a blank line between the starts of two lines."""
    return _BLANK_LINE.search(text[start:end]) is not None


def has_blank_line_above(text: str, index: int) -> bool:
    """Return whether the line above the line that starts at the index has no character."""
    return ends_line(text, index) and ends_line(text, without_last_break(text, index))


def ends_line(text: str, index: int) -> bool:
    """Return whether the index is just after a line break."""
    return index > 0 and text[index - 1] in BREAKS


def without_last_break(text: str, index: int) -> int:
    """Return the start of the line break that ends at the index; the index if none does."""
    if text.endswith("\r\n", 0, index):
        return index - 2
    return index - 1 if ends_line(text, index) else index


def next_token(text: str, index: int) -> int:
    """Return the start of the next token at or after the index; blanks and comments are skipped."""
    match = _BETWEEN_TOKENS.match(text, index)
    return match.end() if match else index


def after_properties(text: str, index: int) -> int:
    """Return the index of the first ``-``, ``[`` or ``{`` of a collection that starts at the index.

    Its anchor and its tag may be before it (YAML 1.2, section 6.9).
    """
    while text[index] in "&!":
        match = _PROPERTY.match(text, index)
        index = next_token(text, match.end() if match else index + 1)
    return index
