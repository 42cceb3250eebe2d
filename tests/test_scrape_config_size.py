"""Large texts of all shapes: time grows linearly, limits hold, messages are short.

`scrape_configs/shapes.py` has the shapes. Growth is measured as a ratio of processor times, not in seconds.
"""

import gc
import tracemalloc
from functools import partial

import pytest

from growth import is_linear
from pushgateway_lab.scrape_config import (
    LONGEST,
    ScrapeConfigError,
    decode,
    find_jobs,
    jobs_scraping,
    memory,
    merge_job,
    remove_job,
    scrape_config_files,
)
from pushgateway_lab.scrape_config.limits import MOST_TAG_DIRECTIVES, MOST_VALUES
from scrape_configs.samples import JOB
from scrape_configs.shapes import ALL, JOBS, Shape

SMALL = 40_000  # characters; four times as many are within all limits
LONGEST_MESSAGE = 400

every_shape = pytest.mark.parametrize("shape", ALL, ids=lambda shape: shape.name)


def outcome(text: str) -> str:
    """Call all functions for a file; return their results or errors."""
    try:
        jobs_scraping(find_jobs(text), "localhost:9091", besides="pushgateway")
        scrape_config_files(text)
        merged = merge_job(text, JOB)
        remove_job(merged, "pushgateway")
    except ScrapeConfigError as refused:
        return str(refused)
    return "merged"


@every_shape
def test_time_grows_with_the_size_and_not_with_its_square(shape: Shape) -> None:
    small, large = shape.text(SMALL), shape.text(4 * SMALL)
    assert is_linear(lambda: outcome(small), lambda: outcome(large))


@every_shape
def test_a_text_of_any_size_is_merged_or_refused_in_a_few_words(shape: Shape) -> None:
    for size in (LONGEST * 3 // 4, LONGEST * 2):
        assert len(outcome(shape.text(size))) <= LONGEST_MESSAGE


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(JOBS + "- job_name: a\n" * 20_000, id="read"),
        pytest.param("a:\n" + "- x\n" * 40_000 + "]\n", id="not YAML"),
        pytest.param("a: [" + "h:1," * 40_000 + "}\n", id="not YAML either way"),
        pytest.param("a: &a\n" + "- &b x\n" * 40_000 + "- *a\n", id="an alias in its anchor"),
        pytest.param("a: {? [" + "x," * 40_000 + "]: y}", id="a list as a key"),
        pytest.param("a: [" + "x," * MOST_VALUES + "]", id="too many values"),
        pytest.param(JOBS + "- job_name: pushgateway\n" * 20_000, id="two jobs of our name"),
    ],
)
def test_nothing_is_held_on_to_but_an_error(text: str) -> None:
    """An error is kept for the report, and must not keep the tree of its file."""
    refused = []
    gc.collect()
    tracemalloc.start()
    gc.disable()
    try:
        for function in (find_jobs, partial(merge_job, job=JOB)):
            try:
                function(text)
            except ScrapeConfigError as error:
                refused.append(error)
        kept, most = tracemalloc.get_traced_memory()
    finally:
        gc.enable()
        tracemalloc.stop()
    assert most > 5_000_000
    assert kept < 1_000_000, refused  # Python itself keeps some thousand tuples for later


def values(number: int) -> str:
    """Return a file with exactly this number of values: the root, a key, its list, another key, its null."""
    return "a: [" + "x," * (number - 5) + "]\nscrape_configs:\n"


def test_a_file_of_the_greatest_length_is_merged_and_a_longer_one_is_refused() -> None:
    start = f"{JOBS}- job_name: a\n"
    longest = start + "#" * (LONGEST - len(start))
    assert find_jobs(longest)
    assert decode(longest.encode()) == longest
    for refuse in (
        find_jobs,
        lambda text: decode(text.encode()),
        lambda text: merge_job(text, JOB),
    ):
        with pytest.raises(ScrapeConfigError, match=r"2,000,001 bytes.*2,000,000.*file_sd_configs"):
            refuse(longest + "#")


def test_the_length_is_that_of_the_file_and_not_of_the_text() -> None:
    text = "#" + "\U0001f600" * (LONGEST // 4)
    for refuse in (find_jobs, lambda text: decode(text.encode())):
        with pytest.raises(ScrapeConfigError, match="2,000,001 bytes"):
            refuse(text)


def test_a_merge_that_would_make_a_file_too_long_is_refused() -> None:
    start = f"{JOBS}- job_name: a\n"
    text = start + "#" * (LONGEST - len(start) - 10)
    with pytest.raises(ScrapeConfigError, match=r"with the job.* bytes.*2,000,000"):
        merge_job(text, JOB)


def test_as_many_values_as_are_allowed_are_read_and_one_more_is_refused() -> None:
    assert find_jobs(values(MOST_VALUES)) == []
    with pytest.raises(
        ScrapeConfigError, match=r"^line 2: .*150,001 values.*150,000.*file_sd_configs"
    ):
        find_jobs(values(MOST_VALUES + 1))


def test_a_merge_that_would_make_too_many_values_is_refused() -> None:
    with pytest.raises(ScrapeConfigError, match=r"with the job.*150,0\d\d values.*150,000"):
        merge_job(values(MOST_VALUES), JOB)
    merged = merge_job(values(MOST_VALUES - 20), JOB)
    assert merge_job(merged, JOB) == merged


def test_the_values_that_aliases_repeat_count_as_well() -> None:
    shared = "a: &a [" + "x," * 999 + "]\nscrape_configs:\n"
    job = "- {job_name: j, params: {b: *a}}\n"
    assert len(find_jobs(shared + job * 140)) == 140
    with pytest.raises(ScrapeConfigError, match=r"aliases.* 201,\d\d\d values.*150,000"):
        find_jobs(shared + job * 199)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_nesting_as_deep_as_is_allowed_is_read_and_one_more_level_is_refused(
    opening: str, closing: str
) -> None:
    inner = 31  # the root is the first level
    assert find_jobs(f"a: {opening * inner}{closing * inner}\n") == []
    with pytest.raises(ScrapeConfigError, match=r"^line 2: more than 32 levels deep"):
        find_jobs(f"\na: {opening * 32}{closing * 32}\n")


def test_as_many_tag_directives_as_are_allowed_are_read_and_one_more_is_refused() -> None:
    lines = "".join(f"%TAG !{number}! x\n" for number in range(MOST_TAG_DIRECTIVES))
    assert find_jobs(lines + "---\na: b\n") == []
    with pytest.raises(ScrapeConfigError, match=r"%TAG 101 times, .* 100 "):
        find_jobs(lines + "%TAG !more! x\n---\na: b\n")


LONG = "x" * 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"? {LONG[:500_000]}\n: a\n" * 2, id="a key"),
        pytest.param(f"a: *{LONG}\n", id="an undefined alias"),
        pytest.param(f"a: &{LONG[:500_000]} [*{LONG[:500_000]}]\n", id="an alias in its anchor"),
        pytest.param(f"a: !<{LONG}\n", id="a tag"),
        pytest.param(f"%{LONG}\n--- a\n", id="a directive"),
        pytest.param(f"a: {{{{ {LONG} }}}}\n", id="a template"),
        pytest.param(f'a: "\\{LONG}"\n', id="an escape"),
    ],
)
def test_what_a_message_quotes_is_cut(text: str) -> None:
    message = outcome(text)
    assert message.startswith("line ")
    assert len(message) <= LONGEST_MESSAGE


def test_a_long_name_of_a_job_is_cut() -> None:
    job = {**JOB, "job_name": "y" * 100_000}
    with pytest.raises(ScrapeConfigError, match=r"there is a job 'yyy.*…' in line 2") as refused:
        merge_job("scrape_configs:\n" + f"- job_name: {job['job_name']}\n" * 2, job)
    assert len(str(refused.value)) <= LONGEST_MESSAGE


def test_garbage_is_searched_for_unless_a_large_text_is_read() -> None:
    searched: list[bool] = []
    read = memory.spare_memory(lambda text: searched.append(gc.isenabled() and bool(text)))
    read("x" * memory.LARGE)
    read("x" * (memory.LARGE + 1))
    assert searched == [True, False]
    assert gc.isenabled()
