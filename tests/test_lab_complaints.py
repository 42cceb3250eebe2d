"""Error messages of programs about a file are shown without the file's content."""

import subprocess
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations import INSTALLED
from growth import is_linear
from labhost import Lab
from labhost.image import ensure_image
from looks import CONFIG, look
from pushgateway_lab.lab import scrape_job
from pushgateway_lab.lab.complaints import LEFT_OUT as LEFT_OUT_NOTE
from pushgateway_lab.lab.complaints import told, without_content
from pushgateway_lab.lab.look import Verdict
from pushgateway_lab.scrape_config import ScrapeConfigError, decode, find_jobs
from pushgateway_lab.settings import parse_settings

PATH = "/etc/prometheus/prometheus.yml"
YAML = f"  FAILED: parsing YAML file {PATH}: "
RULE, EXPRESSION = (
    "/etc/prometheus/r.yml: 7:11: ",
    "could not parse expression: 1:12: parse error: ",
)
LOG = f'level=error caller=main.go:290 msg="Error loading config (--config.file={PATH})" err='

STAYS = (
    f"Checking {PATH}",
    "  SUCCESS: 0 rule files found",
    f" SUCCESS: {PATH} is valid prometheus config file syntax",
    f"{YAML}yaml: unmarshal errors:",
    f"{YAML}yaml: line 12: mapping values are not allowed in this context",
    f"{YAML}yaml: line 2: did not find expected key",
    f"{YAML}yaml: line 3: did not find expected '-' indicator",
    f"{YAML}yaml: line 1: did not find expected ',' or '}}'",
    f"{YAML}yaml: line 7: could not find expected ':'",
    f"{YAML}yaml: did not find expected comment or line break",
    f"{YAML}yaml: did not find the expected '>'",
    f"{YAML}yaml: found character that cannot start any token",
    f"{YAML}yaml: line 2: found unexpected end of stream",
    f"{YAML}yaml: found unknown escape character",
    f"{YAML}yaml: control characters are not allowed",
    f"{YAML}yaml: invalid leading UTF-8 octet",
    f"{YAML}yaml: map merge requires map or sequence of maps as the value",
    f"{YAML}relabel configuration for replace action requires 'target_label' value",
    f"{YAML}job_name is empty",
    "  line 6: cannot unmarshal !!seq into string",
    f"open {PATH}: permission denied",
    "    /etc/prometheus/rules/a.yml: yaml: unmarshal errors:",
    "bind: address already in use",
    "listen tcp 127.0.0.1:9091: bind: address already in use",
    "prometheus-pushgateway: error: unknown long flag '--web.listen-adress', try --help",
)

# Messages of promtool and Prometheus 2.24, 2.42, 2.53 and 3.5, the Pushgateway 1.4 to 1.11, and our parser.
LEFT_OUT = (
    (
        "  line 1: field hunter2 not found in type config.plain",
        "  line 1: field … not found in type config.plain",
    ),
    (
        "  line 1: field root:$6$ab/cd$x.y:19000:0:99999:7:: not found in type config.plain",
        "  line 1: field … not found in type config.plain",
    ),
    (
        "  line 5: field a not found in type x b not found in type config.ScrapeConfig",
        "  line 5: field … not found in type config.ScrapeConfig",
    ),
    (
        "  line 3: field hunter2 already set in type config.plain",
        "  line 3: field … already set in type config.plain",
    ),
    ('  line 7: key "hunter2" already set in map', "  line 7: key … already set in map"),
    (
        "  line 1: cannot unmarshal !!str `-----BE...` into config.plain",
        "  line 1: cannot unmarshal !!str `…` into config.plain",
    ),
    (
        "  line 1: cannot unmarshal !!str `hun`ter...` into []*config.ScrapeConfig",
        "  line 1: cannot unmarshal !!str `…` into []*config.ScrapeConfig",
    ),
    (
        "  line 3: cannot unmarshal tag:hunter2,2000:x `a` into bool",
        "  line 3: cannot unmarshal … `…` into bool",
    ),
    (
        f"{YAML}yaml: unknown anchor 'hunter2' referenced",
        f"{YAML}yaml: unknown anchor '…' referenced",
    ),
    (
        f"{YAML}yaml: cannot decode !!str `hunter2` as a !!int",
        f"{YAML}yaml: cannot decode !!str `…` as a !!int",
    ),
    (
        f'{YAML}not a valid duration string: "hun\\"ter2"',
        f'{YAML}not a valid duration string: "…"',
    ),
    (f'{YAML}unknown relabel action "hunter2"', f'{YAML}unknown relabel action "…"'),
    (
        f"{YAML}error parsing regexp: missing closing ): `^(?:(hunter2)$`",
        f"{YAML}error parsing regexp: missing closing ): `…`",
    ),
    (
        f'{YAML}found multiple scrape configs with job name "hunter2"',
        f'{YAML}found multiple scrape configs with job name "…"',
    ),
    (f"{YAML}invalid DNS-SD records type hunter2", f"{YAML}invalid DNS-SD records type …"),
    (f"{YAML}units: invalid hunter2", f"{YAML}units: invalid …"),
    (
        f"{YAML}parse \"http://user:hunter2@[x/\": missing ']' in host",
        f"{YAML}parse \"…\": missing '…' in host",
    ),
    (
        '  FAILED: "/etc/prometheus/hunter2.yml" does not point to an existing file',
        '  FAILED: "…" does not point to an existing file',
    ),
    (
        '/etc/prometheus/r.yml: 4:13: group "g", rule 1, "up": invalid recording rule name: hunter2 up',
        '/etc/prometheus/r.yml: 4:13: group "…", rule 1, "…": invalid recording rule name: …',
    ),
    (
        f'{RULE}group "g", rule 2, "A": {EXPRESSION}unexpected identifier "hunter2"',
        f'{RULE}group "…", rule 2, "…": {EXPRESSION}unexpected identifier "…"',
    ),
    ("Metric: hunter2", "Metric: …"),
    (
        f'{LOG}"parsing YAML file {PATH}: yaml:\\n  line 1: field hunter2 not found in type x.plain"',
        f'{LOG}"parsing YAML file {PATH}: yaml:\n  line 1: field … not found in type x.plain"',
    ),
    (
        f'{LOG}"found multiple scrape configs with job name \\"hunt\\\\\\"er2\\""',
        f'{LOG}"found multiple scrape configs with job name "…""',
    ),
    (
        "prometheus-pushgateway: error: unexpected hunter2 one, try --help",
        "prometheus-pushgateway: error: unexpected …, try --help",
    ),
    ("line 3: the key 'hunter2' is there twice", "line 3: the key '…' is there twice"),
    (
        "line 2: *hunter2 refers to nothing: there is no &hunter2 above it",
        "line 2: … refers to nothing: there is no … above it",
    ),
    ("hunter2", "…"),
    ("hunter2 hunter3\n\thunter4", "…\n\t…"),
)


@pytest.mark.parametrize("words", STAYS)
def test_the_kind_of_complaint_its_place_and_the_path_stay(words: str) -> None:
    assert without_content(words, (PATH,)) == words


@pytest.mark.parametrize(("words", "told"), LEFT_OUT)
def test_what_a_file_holds_is_left_out(words: str, told: str) -> None:
    logged = words if words.startswith("level=") else f"level=error {words}"
    assert without_content(words, (PATH,)) == told
    assert "hunter" not in without_content(logged, (PATH,))


@given(st.text(min_size=1, max_size=60))
def test_no_word_of_a_secret_is_told_whatever_is_around_it(around: str) -> None:
    assert "s3cr3t" not in without_content(f"{around}\ns3cr3t{around} {around}s3cr3t", (PATH,))


@pytest.mark.parametrize("odd", ["`", "'", '"', "field ", "....", "(", '"\\', "a=", "… ", "x" * 9])
def test_a_line_takes_no_longer_than_it_is_long(odd: str) -> None:
    small, large = (odd * (size // len(odd)) for size in (15_000, 60_000))
    for line in ("{}", 'level=error err="{}"'):
        assert is_linear(
            partial(without_content, line.format(small), (PATH,)),
            partial(without_content, line.format(large), (PATH,)),
        )


SECRETS = {
    "shadow": "root:$6$S3cr3t/Salt$H4sh.x/y:19000:0:99999:7:::\nstudent:$y$j9T$S3cr3t$x:1:0:9:7:::\n",
    "password": "S3cr3t!H4sh\n",
    "anchor": "*S3cr3t\n",
    "tick": "`S3cr3t\n",
    "ticks": "S3c`r3t' \"S3cr3t` H4sh\n",
    "lines": '"S3cr3t\\nS3cr3t` H4sh": 1\n"a not found in type x\\n  line 5: field S3cr3t H4sh": 1\n',
    "key": "-----BEGIN PRIVATE KEY-----\nMIIS3cr3tH4sh\n-----END PRIVATE KEY-----\n",
    "environment": "TOKEN=S3cr3t\nPASSWORD: S3cr3t\n",
    "token": '{"token": "S3cr3t", "H4sh": ["S3cr3t"]}\n',
    "duration": "global:\n  scrape_interval: S3cr3t\n",
    "flag": 'scrape_configs:\n- job_name: a\n  honor_labels: "a`\\nS3cr3t` into bool"\n',
    "regex": "scrape_configs:\n- job_name: a\n  relabel_configs:\n  - regex: '(S3cr3t[z-a]'\n",
    "names": "scrape_configs:\n- job_name: S3cr3t\n- job_name: S3cr3t\n",
    "records": "scrape_configs:\n- job_name: a\n  dns_sd_configs: [{names: [a], type: S3cr3t}]\n",
    "size": "scrape_configs:\n- job_name: a\n  body_size_limit: S3cr3t\n",
    "url": "remote_write:\n- url: 'http://S3cr3t:%zzH4sh@x'\n",
    "rules": "rule_files: [/S3cr3t.yml, '/H4sh[']\n",
    "tag": "a: !S3cr3t b\n",
    "colon": "a: S3cr3t: H4sh\n",
    "quote": "'S3cr3t\n",
}
PIECES = ("S3c", "r3t", "H4s", "4sh", "$6", "19000", "99999", "BEGIN", "MII")


def check_promtool(promtool: Path, directory: Path) -> None:
    """Fail if a message of promtool or of our parser about a secret is shown with a part of the secret."""
    for name, text in SECRETS.items():
        file = directory / name
        file.write_text(text)
        ran = subprocess.run(
            [promtool, "check", "config", file], capture_output=True, text=True, check=False
        )
        said = ran.stdout + ran.stderr
        try:
            find_jobs(decode(text.encode()))
        except ScrapeConfigError as error:
            said += str(error)
        told = without_content(said, (str(file),))
        assert str(file) in told
        assert ran.returncode == 0 or "FAILED: " in told
        assert not [piece for piece in PIECES if piece in told], f"{said}\n\n{told}"


def test_a_real_promtool_tells_nothing_of_a_secret(promtool: Path, tmp_path: Path) -> None:
    check_promtool(promtool, tmp_path)


@pytest.mark.all_releases
@pytest.mark.parametrize("suite", ["bullseye", "trixie", "forky"])
def test_every_releases_promtool_tells_nothing_of_a_secret(
    lab: Lab, suite: str, tmp_path: Path
) -> None:
    del lab
    packages = ensure_image(suite, INSTALLED).lower_directories[0]
    check_promtool(packages / "usr/bin/promtool", tmp_path)


HUNTER = Verdict(accepted=False, words="  line 1: field hunter2 not found in type config.plain")


def test_what_was_left_out_can_be_asked_for() -> None:
    finding = scrape_job.accepted(look(verdict=HUNTER))
    assert "hunter2" not in finding.says
    assert "--data lab_quote_files=True" in finding.says
    asked = scrape_job.accepted(look(verdict=HUNTER, data={"lab_quote_files": True}))
    assert HUNTER.words in asked.says
    assert "lab_quote_files" not in asked.says
    whole = Verdict(accepted=False, words="yaml: line 2: did not find expected key")
    assert "lab_quote_files" not in scrape_job.accepted(look(verdict=whole)).says


def test_our_own_parser_quotes_no_file_either() -> None:
    finding = scrape_job.job(look(config=f"{CONFIG}hunter2: 1\nhunter2: 2\n"))
    assert "line 7: the key '…' is there twice" in finding.says
    assert "hunter2" not in finding.says


def test_a_complaint_is_quoted_only_where_the_trainer_says_so_and_says_what_is_left_out() -> None:
    says = "  line 1: field hunter2 not found in type config.plain"
    assert told(says, parse_settings({"lab_quote_files": True})) == says
    without = "  line 1: field … not found in type config.plain"
    assert told(says, parse_settings({})) == f"{without}\n{LEFT_OUT_NOTE}"
    assert told("permission denied", parse_settings({})) == "permission denied"
    assert told("permission denied …", parse_settings({})) == "permission denied …"


@pytest.mark.parametrize("quotes", [True, False])
def test_a_complaint_is_cut_to_lines_of_500_and_1400_characters(quotes: bool) -> None:
    settings = parse_settings({"lab_quote_files": quotes})
    line = "the " * 125
    assert told(line, settings) == line
    assert told(f"{line}the", settings) == f"{line}… (3 more characters)"
    assert told(f"{line}\n{line}\n{line}", settings).startswith(f"{line}\n{line}\n{line[:398]}… (")
    assert "the\n… (1 more line)" in told("\n".join(["the"] * 21), settings)
    assert "more lines" not in told("\n".join(["the"] * 20), settings)


def test_of_a_line_1000_characters_are_looked_through() -> None:
    line = "the " * 250
    assert without_content(line) == line
    assert without_content(f"{line}the") == f"{line} …"


def test_of_a_log_line_only_the_values_of_its_own_keys_stay() -> None:
    line = 'ts=2026-11-25T05:00:00.1Z level=error component="discovery manager" msg=hunter2 err="hunter3"'
    kept = 'ts=2026-11-25T05:00:00.1Z level=error component="discovery manager" msg=… err="…"'
    assert without_content(line) == kept
    assert without_content('level=error caller="hunter2 (x)"') == 'level=error caller="…"'
