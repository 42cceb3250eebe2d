"""The Pushgateway's flags: parsed, merged, written into Debian's ARGS."""

from contextlib import suppress

import pytest

from growth import is_linear
from pushgateway_lab.installations import environment_file, flags
from pushgateway_lab.installations.flags import Flag, FlagError
from pushgateway_lab.settings import SettingsError, parse_settings

DEBIAN = '# Set the command-line arguments to pass to the server.\nARGS=""\n'
OURS = "--web.listen-address=127.0.0.1:9091 --web.enable-admin-api"


def converge(defaults: str | None, **data: object) -> str:
    """Return the content of the defaults file after a run with these settings."""
    present = flags.parse_flags(environment_file.arguments(defaults))
    return environment_file.edit(
        defaults, flags.merge(present, parse_settings(data), keeps=lambda: False)
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--a=b", "--c", "d"], (Flag("a", "b"), Flag("c", "d"))),
        (["--web.enable-admin-api"], (Flag("web.enable-admin-api", True),)),
        (["--no-web.enable-admin-api"], (Flag("web.enable-admin-api", False),)),
        (["--a=", "--b"], (Flag("a", ""), Flag("b", True))),
        (["stray"], (Flag("", "stray"),)),
    ],
)
def test_flags_are_read_as_the_pushgateway_reads_them(
    words: list[str], expected: tuple[Flag, ...]
) -> None:
    assert flags.parse_flags(words) == expected


def test_a_fresh_debian_file_gets_both_flags_and_keeps_its_comment() -> None:
    assert converge(DEBIAN) == DEBIAN.replace('ARGS=""', f'ARGS="{OURS}"')


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        (None, f'ARGS="{OURS}"\n'),
        ("", f'ARGS="{OURS}"\n'),
        ("OTHER=1", f'OTHER=1\nARGS="{OURS}"\n'),
        ("ARGS=\n", f'ARGS="{OURS}"\n'),
        (
            '# ARGS="x"\nARGS="--log.level=debug"\n',
            f'# ARGS="x"\nARGS="--log.level=debug {OURS}"\n',
        ),
        ("ARGS='--log.level=debug'", f'ARGS="--log.level=debug {OURS}"'),
        ("ARGS=--log.level=debug\nB=1\n", f'ARGS="--log.level=debug {OURS}"\nB=1\n'),
        (
            'ARGS="--log.level=debug \\\n  --log.format=json"\n',
            f'ARGS="--log.level=debug \\\n  --log.format=json {OURS}"\n',
        ),
        ('ARGS="--a=1"\nARGS="--b=2"\n', f'ARGS="--a=1"\nARGS="--b=2 {OURS}"\n'),
    ],
)
def test_what_an_administrator_wrote_stays(defaults: str | None, expected: str) -> None:
    assert converge(defaults) == expected
    assert converge(expected) == expected


def test_a_default_never_replaces_a_flag() -> None:
    text = 'ARGS="--web.listen-address=:9999 --no-web.enable-admin-api"\n'
    assert converge(text) == text


def test_a_setting_replaces_a_flag_where_it_stands() -> None:
    text = 'ARGS="--web.listen-address=:9999 --log.level=debug --web.enable-admin-api"\n'
    assert converge(text, pushgateway_listen_address="127.0.0.1:9095") == text.replace(
        ":9999", "127.0.0.1:9095"
    )
    assert converge(text, pushgateway_admin_api=False) == text.replace("--web.en", "--no-web.en")


def test_a_flag_is_never_repeated() -> None:
    text = 'ARGS="--web.listen-address :1 --web.listen-address=:2 --web.enable-admin-api"\n'
    given = converge(text, pushgateway_listen_address="127.0.0.1:3")
    assert given == 'ARGS="--web.listen-address=127.0.0.1:3 --web.enable-admin-api"\n'
    assert (
        converge(text.replace(":2", "127.0.0.1:3"), pushgateway_listen_address="127.0.0.1:3")
        == given
    )


def test_extra_flags_are_added_and_replaced() -> None:
    text = converge('ARGS="--persistence.interval=5m"\n')
    changed = converge(text, pushgateway_extra_flags={"persistence.interval": "1m", "x.y": True})
    assert changed == f'ARGS="--persistence.interval=1m {OURS} --x.y"\n'


def test_a_value_with_a_space_stays_one_word() -> None:
    text = converge(DEBIAN, pushgateway_extra_flags={"persistence.file": "/a b"})
    assert flags.parse_flags(environment_file.arguments(text))[-1] == Flag(
        "persistence.file", "/a b"
    )


@pytest.mark.parametrize("value", ['"', "'", "$HOME", "a\\b", "`id`", "a\nb", "\x7f", "\u2028"])
def test_a_value_that_would_not_be_taken_literally_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="as value of persistence"):
        converge(DEBIAN, pushgateway_extra_flags={"persistence.file": value})
    # Flags that an administrator wrote in another place are not moved into ARGS.
    with pytest.raises(FlagError, match=" holds "):
        environment_file.edit(DEBIAN, [Flag("persistence.file", value)])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('ARGS="--a\n', 1),
        ("A=1\nARGS='x\"\n", 2),
        ('ARGS="a" b"\n', 1),
        ('ARGS="--a"\n\nARGS="--b\n', 3),
    ],
)
def test_quotes_that_do_not_match_are_refused_with_their_line(text: str, line: int) -> None:
    with pytest.raises(FlagError, match=f"^line {line}: "):
        converge(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# ARGS=--no", ()),
        ("ARGS=", ()),
        ("ARGS=--a --b=c", ("--a", "--b=c")),
        ("ARGS=--a='b c'", None),
        (r'ARGS="--a=\"b c\" --d"', ("--a=b c", "--d")),
        ("""ARGS="--a='b c'" """, ("--a=b c",)),
        ("""ARGS='--a="b c"'""", ("--a=b c",)),
        ('ARGS="--a \\\n  --b"\nARGS2=--c', ("--a", "--b")),
    ],
)
def test_words_are_split_as_systemd_splits_them(text: str, words: tuple[str, ...] | None) -> None:
    if words is None:
        with pytest.raises(FlagError):
            environment_file.arguments(text)
    else:
        assert environment_file.arguments(text) == words


def test_the_same_flags_in_another_order_are_the_same() -> None:
    one, other = flags.parse_flags(["--a", "1", "--b"]), flags.parse_flags(["--b", "--a=1"])
    assert flags.same(one, other)
    assert not flags.same(one, flags.parse_flags(["--a=2", "--b"]))


def test_the_units_own_flags_count() -> None:
    line = "/usr/bin/prometheus-pushgateway --log.level=debug $ARGS"
    assert environment_file.around_variable(line) == ("ARGS", (Flag("log.level", "debug"),))
    assert environment_file.around_variable("/usr/bin/prometheus-pushgateway --x=1") is None
    around = environment_file.around_variable("/opt/pushgateway --a=1 $OPTS_2 --b --c=2")
    assert around == ("OPTS_2", flags.parse_flags(["--a=1", "--b", "--c=2"]))
    # In braces, the value is one word, whatever blanks it has.
    assert environment_file.around_variable("/opt/pushgateway ${ARGS}") is None


def test_a_file_is_read_up_to_its_longest() -> None:
    text = 'ARGS="--a"\n'.ljust(environment_file.LONGEST, "#")
    assert environment_file.arguments(text) == ("--a",)
    with pytest.raises(FlagError, match="longer than 65536 characters"):
        environment_file.arguments(f"{text}#")


def test_a_file_that_is_too_long_for_an_argument_list_is_refused_at_once() -> None:
    for text in ("ARGS=" + " " * 10**6 + '"', 'ARGS="\n' * 10**5, 'ARGS="' + "a " * 10**6 + '"'):
        with pytest.raises(FlagError):
            environment_file.arguments(text)


def read(text: str) -> None:
    with suppress(FlagError):
        flags.parse_flags(environment_file.arguments(text))


@pytest.mark.parametrize(
    ("start", "piece", "end"), [("ARGS=", " ", '"'), ("", 'ARGS="\n', ""), ('ARGS="', "a ", '"')]
)
def test_reading_takes_no_longer_than_the_text(start: str, piece: str, end: str) -> None:
    small, large = (start + piece * (size // len(piece)) + end for size in (15_000, 60_000))
    assert is_linear(lambda: read(small), lambda: read(large))
