"""A wrong edit is an error, never a bad file."""

import pytest

from pushgateway_lab.scrape_config import ScrapeConfigError, merge, merge_job, remove_job
from pushgateway_lab.scrape_config.edit import Edit
from scrape_configs.samples import CLOSED, JOB

ABSENT = """\
scrape_configs:
  - job_name: node
    scheme: http
rule_files: [one]
"""
NEW = """\
  - job_name: pushgateway
    honor_labels: true
    static_configs:
      - targets: ['localhost:9091']
"""
AT = ABSENT.index("rule_files")
PRESENT = ABSENT.replace("rule_files", NEW.replace("true", "false") + "rule_files")


def mistaken(monkeypatch: pytest.MonkeyPatch, chooser: str, *edits: Edit) -> None:
    """Replace a function that chooses edits, so that it returns these."""
    monkeypatch.setattr(merge, chooser, lambda *_: list(edits))


def replacing(text: str, old: str, new: str) -> Edit:
    start = text.index(old)
    return Edit(start, start + len(old), new)


def test_the_right_edit_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    mistaken(monkeypatch, "add_job", Edit(AT, AT, NEW))
    assert merge_job(ABSENT, JOB) == ABSENT.replace("rule_files", NEW + "rule_files")


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([Edit(AT, AT, "  - job_name: [\n")], id="not YAML"),
        pytest.param([Edit(AT, AT, NEW), replacing(ABSENT, "http", "https")], id="another job"),
        pytest.param([Edit(AT, AT, NEW), replacing(ABSENT, "one", "two")], id="something else"),
        pytest.param([Edit(AT, AT, NEW + NEW)], id="twice"),
        pytest.param([Edit(AT, AT, NEW.replace("gateway", "gate"))], id="another name"),
        pytest.param([Edit(AT, AT, NEW.replace("true", "'true'"))], id="text for a boolean"),
        pytest.param([Edit(AT, AT, NEW.replace("true", "false"))], id="not as wanted"),
        pytest.param([Edit(AT, AT, NEW + "    scheme: http\n")], id="more than wanted"),
        pytest.param([Edit(AT, AT, NEW.replace("9091", "9092"))], id="another target"),
        pytest.param([Edit(AT, AT, NEW.replace("    ", "   "))], id="bad indentation"),
        pytest.param([Edit(AT, AT, "# nothing\n")], id="nothing"),
        pytest.param([Edit(AT, AT, "scrape_configs:\n" + NEW)], id="a second list"),
        pytest.param([Edit(AT, AT, NEW + "---\n")], id="a second document"),
        pytest.param([Edit(AT, AT, NEW), replacing(ABSENT, "node", "*node")], id="an alias"),
        pytest.param(
            [replacing(ABSENT, "  - job_name: node\n    scheme: http\n", NEW)], id="instead"
        ),
    ],
)
def test_a_mistake_in_adding_is_an_error(
    monkeypatch: pytest.MonkeyPatch, edits: list[Edit]
) -> None:
    mistaken(monkeypatch, "add_job", *edits)
    with pytest.raises(ScrapeConfigError, match="do it by hand"):
        merge_job(ABSENT, JOB)


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([replacing(PRESENT, "false", "no")], id="not as wanted"),
        pytest.param(
            [replacing(PRESENT, "false", "true\n    scheme: http")], id="more than wanted"
        ),
        pytest.param(
            [replacing(PRESENT, "false", "true\n    honor_labels: true")], id="a key twice"
        ),
        pytest.param([replacing(PRESENT, "honor_labels: false", "")], id="gone"),
        pytest.param(
            [replacing(PRESENT, "false", "true"), replacing(PRESENT, "9091", "1")], id="its target"
        ),
        pytest.param(
            [replacing(PRESENT, "false", "true"), replacing(PRESENT, "http", "https")],
            id="another job",
        ),
        pytest.param(
            [replacing(PRESENT, "job_name: push", "honor_labels: true\n    job_name: ")],
            id="its name",
        ),
    ],
)
def test_a_mistake_in_repairing_is_an_error(
    monkeypatch: pytest.MonkeyPatch, edits: list[Edit]
) -> None:
    mistaken(monkeypatch, "repair_job", *edits)
    with pytest.raises(ScrapeConfigError, match="do it by hand"):
        merge_job(PRESENT, JOB)


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([replacing(PRESENT, "node", "other")], id="another job"),
        pytest.param([replacing(PRESENT, "one", "two")], id="something else"),
        pytest.param([Edit(16, len(PRESENT), "")], id="all"),
        pytest.param([Edit(16, len(PRESENT), "none")], id="no list any more"),
        pytest.param([replacing(PRESENT, "pushgateway", "other")], id="only the name"),
    ],
)
def test_a_mistake_in_removing_is_an_error(
    monkeypatch: pytest.MonkeyPatch, edits: list[Edit]
) -> None:
    mistaken(monkeypatch, "remove_job_at", *edits)
    with pytest.raises(ScrapeConfigError, match="do it by hand"):
        remove_job(PRESENT, "pushgateway")


GROUPS = """\
scrape_configs:
  - job_name: pushgateway
    honor_labels: true
    static_configs:
      - targets: ['one:1']
        labels: {env: lab}
      - targets: ['two:1', 'three:1']
"""


def test_a_target_that_is_added_to_a_group_without_labels_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = replacing(GROUPS, "'two:1'", "'two:1', 'localhost:9091'")
    mistaken(monkeypatch, "repair_job", right)
    assert "'localhost:9091'" in merge_job(GROUPS, JOB)


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([replacing(GROUPS, "'three:1'", "'localhost:9091'")], id="in another's place"),
        pytest.param([replacing(GROUPS, "'one:1'", "'one:1', 'localhost:9091'")], id="labelled"),
        pytest.param(
            [replacing(GROUPS, "'one:1'", ""), replacing(GROUPS, "'two", "'localhost:9091', 'two")],
            id="a labelled one is gone",
        ),
        pytest.param(
            [replacing(GROUPS, "lab}", "x}"), replacing(GROUPS, "'two", "'localhost:9091', 'two")],
            id="another label",
        ),
        pytest.param(
            [
                replacing(GROUPS, "        labels: {env: lab}\n", ""),
                replacing(GROUPS, "'two", "'localhost:9091', 'two"),
            ],
            id="no label any more",
        ),
    ],
)
def test_a_mistake_in_adding_a_target_is_an_error(
    monkeypatch: pytest.MonkeyPatch, edits: list[Edit]
) -> None:
    mistaken(monkeypatch, "repair_job", *edits)
    with pytest.raises(ScrapeConfigError, match="do it by hand"):
        merge_job(GROUPS, JOB)


BLANKS = GROUPS.replace("'two:1'", "'two:1 ', 'localhost:9091 '")
CORRECTED = replacing(BLANKS, "'localhost:9091 '", "'localhost:9091'")


def test_a_target_without_its_blank_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    mistaken(monkeypatch, "repair_job", CORRECTED)
    assert merge_job(BLANKS, JOB) == BLANKS.replace("9091 '", "9091'")


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param(
            [replacing(BLANKS, "'three:1'", "'three:1', 'localhost:9091'")], id="beside it"
        ),
        pytest.param([CORRECTED, replacing(BLANKS, "'two:1 '", "'two:1'")], id="another's blank"),
        pytest.param([replacing(BLANKS, "'localhost:9091 '", "'127.0.0.1:9091'")], id="a new form"),
        pytest.param([replacing(BLANKS, ", 'localhost:9091 '", "")], id="gone"),
        pytest.param(
            [
                replacing(BLANKS, "'one:1'", "'one:1', 'localhost:9091'"),
                replacing(BLANKS, ", 'localhost:9091 '", ""),
            ],
            id="in another group",
        ),
    ],
)
def test_a_mistake_in_correcting_a_target_is_an_error(
    monkeypatch: pytest.MonkeyPatch, edits: list[Edit]
) -> None:
    mistaken(monkeypatch, "repair_job", *edits)
    with pytest.raises(ScrapeConfigError, match="do it by hand"):
        merge_job(BLANKS, JOB)


def test_the_order_of_a_new_jobs_fields_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    first, rest = (
        "  - static_configs: [{targets: ['localhost:9091']}]\n",
        "    honor_labels: true\n",
    )
    new = first + rest + "    job_name: pushgateway\n"
    mistaken(monkeypatch, "add_job", Edit(AT, AT, new))
    assert merge_job(ABSENT, JOB) == ABSENT.replace("rule_files", new + "rule_files")


LOGIN = """\
scrape_configs:
  - job_name: pushgateway
    honor_labels: true
    scheme: https
    basic_auth:
      username: me
      password: secret
    tls_config:
      ca_file: /etc/ca.pem
      min_version: TLS12
      server_name: web
    static_configs:
      - targets: ['localhost:9091']
"""
FILE = replacing(LOGIN, "password: secret", "password_file: /etc/scrape")
USER = replacing(LOGIN, "username: me", "username: trainer")


def test_a_login_with_its_wrong_parts_replaced_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    mistaken(monkeypatch, "repair_job", FILE, USER)
    assert "username: trainer" in merge_job(LOGIN, CLOSED)


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([FILE], id="not as wanted"),
        pytest.param(
            [USER, replacing(LOGIN, "secret", "secret\n      password_file: /etc/scrape")],
            id="the password stays",
        ),
        pytest.param(
            [FILE, USER, replacing(LOGIN, "      server_name: web\n", "")], id="an owner's part"
        ),
        pytest.param(
            [FILE, USER, replacing(LOGIN, "name: web", "name: other")], id="an owner's value"
        ),
        pytest.param(
            [FILE, replacing(LOGIN, "username: me", "username: trainer\n      more: x")],
            id="more than wanted",
        ),
        pytest.param(
            [FILE, replacing(LOGIN, "username: me", "username: trainer\n      username: trainer")],
            id="a key twice",
        ),
        pytest.param(
            [
                replacing(
                    LOGIN, "    basic_auth:\n      username: me\n      password: secret\n", ""
                ),
            ],
            id="gone",
        ),
    ],
)
def test_a_mistake_in_a_mapping_is_an_error(
    monkeypatch: pytest.MonkeyPatch, edits: list[Edit]
) -> None:
    mistaken(monkeypatch, "repair_job", *edits)
    with pytest.raises(ScrapeConfigError, match="do it by hand"):
        merge_job(LOGIN, CLOSED)


@pytest.mark.parametrize("login", ["", " ~", " {}"])
def test_a_part_that_nobody_wanted_is_an_error_in_a_login_that_was_empty(
    monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    empty = LOGIN.replace("\n      username: me\n      password: secret", login)
    right = "username: trainer, password_file: /etc/scrape"
    for parts, passes in ((right, True), (f"{right}, more: x", False)):
        new = f"basic_auth: {{{parts}}}\n"
        mistaken(monkeypatch, "repair_job", replacing(empty, f"basic_auth:{login}\n", new))
        if passes:
            assert new in merge_job(empty, CLOSED)
            continue
        with pytest.raises(ScrapeConfigError, match="do it by hand"):
            merge_job(empty, CLOSED)


FOLLOWED = ABSENT + "---\n"


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([Edit(len(FOLLOWED), len(FOLLOWED), "scrape_configs:\n" + NEW)], id="in it"),
        pytest.param([Edit(AT, AT, NEW), replacing(FOLLOWED, "---\n", "")], id="it is gone"),
        pytest.param([Edit(AT, AT, NEW), replacing(FOLLOWED, "---\n", "---\n---\n")], id="another"),
        pytest.param([Edit(AT, AT, NEW), replacing(FOLLOWED, "---\n", "--- a\n")], id="filled"),
    ],
)
def test_a_mistake_in_the_document_below_is_an_error(
    monkeypatch: pytest.MonkeyPatch, edits: list[Edit]
) -> None:
    mistaken(monkeypatch, "add_job", *edits)
    with pytest.raises(ScrapeConfigError, match="do it by hand"):
        merge_job(FOLLOWED, JOB)
