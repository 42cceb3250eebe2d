"""Remove a file's content from error messages about it; keep paths, line numbers and the kind of error.

``prometheus.yml`` may be a link to any file that Prometheus's user can read, and programs quote text that
they cannot parse: promtool shows every line of a shadow file as the name of an unknown field. This module
has a list of words that may stay (paths, line numbers, words of the programs, types of Go), because no list
of quoted texts would be complete. Every other word becomes an ellipsis.

The words are those of promtool, Prometheus and the Pushgateway (Debian 11 to testing), of yaml.v2 and
libyaml, and of `pushgateway_lab.scrape_config`.
"""

import re
from collections.abc import Collection
from functools import lru_cache

from pushgateway_lab import installations
from pushgateway_lab.lab.excerpts import excerpt, lines
from pushgateway_lab.settings import Settings

ELLIPSIS = "…"

LEFT_OUT = (
    "Text from the file is left out (…); --data lab_quote_files=True shows it to the trainer."
)

LINE, TOLD = 500, 1400
"""The most characters of a line, and of the whole text, in a finding, which has other sentences, too."""

_PAIR = r'[\w.]+=(?:"(?:[^"\\]|\\.)*"|[^\s"]*)'
_LOG_LINE = re.compile(rf"(?:time|ts|level)={_PAIR.partition('=')[2]}(?: {_PAIR})*")
_PAIRS = re.compile(r'([\w.]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)')
_OWN_KEYS = ("time", "ts", "level", "caller", "source", "component")
_OWN_VALUE = re.compile(r'"?[\w.:+ -]{1,40}"?')

_TYPE = (
    r"[\[\]*]*(?:map\[string\])?(?:\w+\.plain|\w+\.\w*Config\w*|(?:rulefmt|targetgroup|model|relabel)\.\w+"
    r"|bool|string|u?int(?:8|16|32|64)?|float64|struct)(?=\s|$)"
)

# Places where a program quotes a text without quotation marks: up to the line's end or its own next words.
_HOLES = [
    (re.compile(pattern), rf"\g<1>{ELLIPSIS}\g<2>")
    for pattern in (
        r"(\bfield ).*( (?:not found in|already set in) type)",
        r"(\bkey ).*( already set in map)",
        r"(\bscrape protocol ).*?(, supported|$)",
        r"(^[\w-]+: error: unexpected ).*?(, try --help|$)",
        r"(\b(?:but got|units: invalid|records type|(?:rule|label|metric) name:|annotation name:) ).*($)",
        r"(\bMetric: ).*($)",
        r"(\binto struct )\{.*($)",
        r"(\bat most one of ).*( must be configured)",
        r"(\bexpected Alertmanager api version to be one of ).*( but got)",
    )
]

_PATH = r"/[\w./*-]{1,200}"
_OWN_PHRASES = (
    rf"\b(?:into|in type) {_TYPE}",
    r"\(?--config\.file=",
    r"\b(?:line|column|rule) \d{1,7}\b",
    r"\b(?:indented|not) by \d{1,4}\b",
    r"\band line \d{1,7} by \d{1,4}\b",
    r"\bor \d{1,4}(?= \(like line )",
    r"\b\d{1,7} (?:duplicate )?rules?(?:\(s\))?(?= )",
    r"(?<=: )\d{1,7}:\d{1,7}(?=: )",
    rf"\b(?:Checking|YAML file|open|stat|read|directory) {_PATH}\.(?:ya?ml|rules?|json)(?=:|\s|$)",
    rf"^\s*{_PATH}\.(?:ya?ml|rules?)(?=: )",
    r"\b(?:open|stat|rename|mkdir|lock) /var/lib/[\w./-]{1,200}(?=: )",
    r"\b(?:listen|accept|dial|write|read) (?:tcp|udp)[46]?(?: [\[\]0-9a-f.:]{2,60}(?=: ))?",
    r"unknown long flag '--[a-z]+(?:[.-][a-z]+){1,6}'",
    r"\btry --help$",
    r"missing closing [)\]]",
    r"expected (?:the )?'[,:>-]'(?: or '[]}]')?(?: indicator)?",
    r"requires '(?:target_label|source_labels|regex|modulus)' value",
    r"invalid '(?:replacement|target_label|regex)' for (?:labelmap|hashmod|replace|\w+map) action",
    r'cannot be set to "basic", use "basic_auth" instead',
    r"(?<=\S)[:,.;)]{1,3}(?=\s|$)",  # punctuation after a phrase
    r"!!(?:str|int|seq|map|bool|float|null|timestamp|binary|merge)(?=\s|$)",
)
_QUOTED = r"""\"(?:[^"\\]|\\.)*\"|`.*`|(?<!\w)'(?:[^'\\]|\\.)*'(?!\w)"""

_OPENING, _CLOSING = "([<", ")]>.,:;!?"

_LONGEST, _LONGEST_LOG = 1000, 10_000
"""The most characters that are read of a line, and of a line of a log; the rest is left out."""

_WORDS = frozenset(
    """
    a above absolute accept action actions active address after again aggregate aggregation
    alert alertmanager alertmanagers alertname alias all allowed alone alphabetic already also
    an anchor and annotation annotations any api apply applying are argument as assignment at
    attribute authentication authorization available away bad base64 basic_auth be bearer
    bearer_token because been before beginning begins behind below binary bind blank block
    boolean both brace braces bracket brackets break buf but by byte bytes ca ca_file came can't
    cannot cause cert_file certificate change changed changing character characters check
    checking child class client closed closing code collection colon comes comma comment compare
    config configs configuration configured connection contain contains context continue control
    corrupted could couldn't create credentials credentials_file dash data database deadline
    decode decoding deep deeper defined delete denied descriptor descriptors device did
    different directive directory discovered discovery disk dns-sd do document documents does
    doesn't doing don't done double duplicate duplicated duplicates duration each ec2 either
    element empty end ended ends enough entry equal error error(s) errors escape escaped exactly
    exceeded exec executable exist existing exists exit exiting expanding expected expecting
    expression expressions external failed failure fatal field fields file files filter filters
    find first flags flow follow following follows for format found from function gateway get
    given global go goroutine gracefully greater group groups handle handler has have header
    headers help here hexadecimal hexdecimal holds honor_labels host hostname http identifier if
    ignored ignores implicit in incompatible incomplete inconsistency inconsistent indent
    indentation indented indicator inherited init input insert inside instead integer interval
    into invalid io is it it's item items itself job job_name jobs json keep key key_file keys
    keyword keywords kind know kubernetes label label(s) labelmap labels large last later lead
    leading left legacy length less level levels like limit line lines lint list listen load
    loading location lock lockdir lockfile long longer looking looks lookup main malformed
    manager map mapping mappings maps match matcher matchers matching maximum may means merge
    message metric metric(s) metrics might mind mindful missing mmap modifier module modulus
    more most move multiple must name named names negative neither network new next nil no node
    non non-alphabetical non-empty none nonexistent nor not nothing null number numeric oauth2
    object occurred octet of on once one only open opening operand operation operator operators
    option or order other out outside over overflow overrides own panic param parameter
    parameters parentheses parenthesis parse parser parsing parts password_file password_ref
    path pattern patterns pem per permission permitted persistence pipe place plain please point
    pointer port position positive possible possibly prefix previous problem process prometheus
    promtool properties property protocol protocols provided public push pushed pushgateway
    query quote quoted quotes range reached read reader reading reads receive received record
    recording records recursion reference referenced refers refused refusing regex regexes
    regexp regular relabel relabel_configs relabeling relabelings reload reloading remote remove
    render repairing repeated repetition replace replacement required requires reserved resource
    restore restored restoring result retry right role root routes rule rule(s) rule_files rules
    running same save scalar scalars scan scanner scanning schema scheme scrape scrape_config
    scrape_config_files scrape_configs scrape_interval scrape_protocols scrape_timeout sd second
    section see segment segments sent separator sequence sequences series server set sets shared
    short should shutting sigint/sigterm sigv4 simple single size small snapshot some space
    spaces specified stands start started starting starts stat states static_configs stopped
    storage stored stream string success such suffix supported surrogate syntax syscall system
    tab tabs tag tags target target_label targets tcp telemetry template templates text than
    that the their them then there there's these they this through time timed timeout timestamp
    tls_config to token token_url tokens too trailing tries true tsdb twice two type types
    unable unbound unclosed undefined underscore underscores unescaped unexpected unicode unique
    units unknown unmarshal unmarshalling unquoted unrecognized unsupported unterminated until
    up url use used uses utf-16 utf-8 utf8 valid validation value values variable version very
    via wal was web when where which while whitespace wildcard with within without word write
    writing written wrong yaml you your
    """.split()  # noqa: SIM905 - a list of so many quoted words cannot be read
)
"""The programs' own words, in lower case."""


def told(words: str, settings: Settings) -> str:
    """Return a program's message about the configuration file, or a log, as verify shows it: cut.

    + words: the message as the host sent it
    + settings: ``lab_quote_files`` decides whether content of files is shown
    """
    words = lines(words, each=_LONGEST_LOG)
    if settings.lab_quote_files:
        return excerpt(lines(words, each=LINE), TOLD)
    kept = without_content(words, (settings.prometheus_config_path,))
    asked = f"\n{LEFT_OUT}" if ELLIPSIS in kept and kept != words else ""
    return f"{excerpt(lines(kept, each=LINE), TOLD)}{asked}"


def without_content(words: str, paths: Collection[str] = ()) -> str:
    """Return a program's message about a file with an ellipsis for each quoted piece of the file.

    All other text stays as it is, except that escapes in the values of a log line are resolved.

    + words: of promtool, of a server's log or of this package's parser; one or more lines
    + paths: paths that stay, for example that of the file itself
    """
    scan = _scanner(tuple(sorted(filter(None, paths), key=len, reverse=True)))
    return "\n".join(_told(line, scan) for line in words.split("\n"))


def _told(line: str, scan: re.Pattern[str]) -> str:
    if not _LOG_LINE.fullmatch(line):
        return _told_plainly(line, scan)
    return " ".join(f"{key}={_value(key, value, scan)}" for key, value in _PAIRS.findall(line))


def _value(key: str, value: str, scan: re.Pattern[str]) -> str:
    """Return a value of a log line; its quotes and escapes are those of Go's strconv.Quote."""
    if key in _OWN_KEYS and _OWN_VALUE.fullmatch(value):
        return value
    if not value.startswith('"'):
        return _told_plainly(value, scan)
    plain = re.sub(r"\\(.)", lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], escape[1]), value)
    inner = plain.removeprefix('"').removesuffix('"')
    return '"' + "\n".join(_told_plainly(each, scan) for each in inner.split("\n")) + '"'


def _told_plainly(line: str, scan: re.Pattern[str]) -> str:
    if len(line) > _LONGEST:
        line = f"{line[:_LONGEST]} {ELLIPSIS}"
    for hole, told in _HOLES:
        line = hole.sub(told, line)
    told = scan.sub(_piece, line)
    return re.sub(rf"{ELLIPSIS}(?:[ \t]*{ELLIPSIS})+", ELLIPSIS, told)


def _piece(match: re.Match[str]) -> str:
    text = match[0]
    if match.lastgroup == "own":
        return text
    if match.lastgroup == "quoted":
        return f"{text[0]}{ELLIPSIS}{text[-1]}"
    word = text.lstrip(_OPENING).rstrip(_CLOSING)
    if word == ELLIPSIS:  # put there by _HOLES
        return text
    is_own = (word.lower() in _WORDS or word in installations.PACKAGES) and word in (
        word.lower(),
        word.upper(),
        word.capitalize(),
    )
    return text if is_own else ELLIPSIS


@lru_cache(maxsize=32)  # most hosts of a class have the same paths
def _scanner(paths: tuple[str, ...]) -> re.Pattern[str]:
    """Return the pattern of a line's pieces: phrases that stay, quoted texts, and single words."""
    known = [rf'(?<![\w./-])"?{re.escape(path)}"?(?![\w/-]|\.\w)' for path in paths]
    own = "|".join([*known, *_OWN_PHRASES])
    return re.compile(rf"(?P<own>{own})|(?P<quoted>{_QUOTED})|(?P<word>\S+)")
