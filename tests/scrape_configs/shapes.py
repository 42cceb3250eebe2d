"""Shapes of large configurations, each of any size.

In a repeated piece, `§` stands for a number that is different in each repetition.
"""

from typing import NamedTuple


class Many(NamedTuple):
    """A piece that is repeated until the text has its size; two pieces share the size."""

    piece: str

    def text(self, size: int) -> str:
        """Return the repeated piece, with about this number of characters."""
        numbered = "§" in self.piece
        times = size // (len(self.piece) + 5 * numbered)
        if not numbered:
            return self.piece * times
        return "".join(self.piece.replace("§", f"{number:06}") for number in range(times))


class Shape(NamedTuple):
    """A shape of a large configuration."""

    name: str
    parts: tuple[str | Many, ...]

    def text(self, size: int) -> str:
        """Return a configuration with about this number of characters."""
        share = size // sum(isinstance(part, Many) for part in self.parts)
        return "".join(part.text(share) if isinstance(part, Many) else part for part in self.parts)


def shape(name: str, *parts: str | Many) -> Shape:
    """Return a shape of these parts."""
    return Shape(name, parts)


JOBS = "scrape_configs:\n"
OURS = f"{JOBS}- job_name: pushgateway\n"
GROUPS = f"{OURS}  static_configs:\n"
TARGETS = f"{OURS}  static_configs: [{{targets: ["
PRIVATE = "".join(map(chr, range(0xE000, 0xF900)))
"""All characters that may replace a colon."""

ALL = [
    # One line
    shape("a plain scalar", "a: ", Many("x"), "\n" + JOBS),
    shape("a plain scalar of words", "a: ", Many("x "), "\n" + JOBS),
    shape("a scalar in quotes", "a: '", Many("''"), "'\n" + JOBS),
    shape("escapes", 'a: "', Many("\\U0001F600"), '"\n' + JOBS),
    shape("wide characters", "a: '", Many("\U0001f600"), "'\n" + JOBS),
    shape("a key", '"', Many("x"), '": 1\n'),
    shape("a key with a question mark", "? ", Many("x"), "\n: 1\n" + JOBS),
    shape("a key twice", "? ", Many("x"), "\n: 1\n? ", Many("x"), "\n: 1\n"),
    shape("a tag", "a: !", Many("%41"), " y\n" + JOBS),
    shape("an anchor and its alias", "a: &", Many("a"), " x\nb: *", Many("a"), "\n" + JOBS),
    shape("an undefined alias", "b: *", Many("a"), "\n"),
    shape("a comment", "#", Many("x"), "\n" + JOBS),
    shape("a comment after a key", "scrape_configs: #", Many("x"), "\n- job_name: a\n"),
    shape("only #", Many("#")),
    shape("only blanks", Many(" ")),
    shape("only tabs", Many("\t")),
    shape("only colons", Many(":")),
    shape("colons in brackets", "[", Many(":"), "]"),
    shape("only percent signs", Many("%")),
    shape("template marks", Many("{%")),
    shape("indentation", JOBS, Many(" "), "- job_name: a\n"),
    shape("indentation in brackets", "a: [\n", Many(" "), "b]\n" + JOBS),
    shape("blanks after a dash", JOBS + "-", Many(" "), "job_name: a\n"),
    shape("blanks after a comma", "scrape_configs: [{a: b},", Many(" "), "{a: c}]\n"),
    shape("jobs in brackets", "scrape_configs: [", Many("{job_name: '§'}, "), "]\n"),
    shape("jobs with unquoted ports", "scrape_configs: [", Many("{a: [h§:1]}, "), "]\n"),
    shape("jobs of empty pairs", "scrape_configs: [", Many("§: ,"), "]\n"),
    shape("empty jobs", "scrape_configs: [", Many("{},"), "]\n"),
    shape("a root in braces", "{", Many("k§: v, "), "}"),
    shape("keys without values", "a: {", Many("k§, "), "}\n" + JOBS),
    shape("scalars in brackets", "a: [", Many("x,"), "]\n" + JOBS),
    shape("lists in a list", "a: [", Many("[],"), "]\n" + JOBS),
    shape("pairs in a list", "a: [", Many("b: ,"), "]\n" + JOBS),
    shape("question marks in a list", "a: [", Many("? ,"), "]\n" + JOBS),
    shape("aliases in a list", "a: &a x\nb: [", Many("*a,"), "]\n" + JOBS),
    shape("a list as a key", "a: {? [", Many("x,"), "]: y}"),
    shape("lists as keys", "a: {", Many("[x]: y,"), "}"),
    shape("mappings as keys", "a: {", Many("{b: c}: d, "), "}\n"),
    shape("quoted targets", TARGETS, Many("'h:1',"), "]}]\n"),
    shape("unquoted targets", TARGETS, Many("h:1,"), "]}]\n"),
    shape("colons in a word", "a: [h", Many(":1"), "]\n" + JOBS),
    shape("a word after a bracket", "a: [", Many("x"), "\n" + JOBS),
    shape("a port, and a tag with a colon", TARGETS, Many("h,"), "!<tag:x> y]}]\n# [a:1\n"),
    shape("every letter for a colon", "a: [h:1]\n#", Many("x"), PRIVATE + "\n" + JOBS),
    shape("an error at its end", "a: [", Many("x,"), "}\n"),
    shape("an error after unquoted ports", "a: [", Many("h:1,"), "}\n"),
    shape("scrape_config_files", "scrape_config_files: [", Many("§,"), "]\n"),
    # Nesting
    shape("brackets", Many("[")),
    shape("brackets on lines", Many("[\n")),
    shape("brackets and their ends", Many("["), Many("]")),
    shape("braces", Many("{a: ")),
    shape("dashes", Many("- ")),
    shape("question marks", Many("? ")),
    shape("anchors before nothing", "a: ", Many("&a ")),
    shape("a list deep down", "a: " + "[" * 30, Many("x,"), "]" * 30 + "\n" + JOBS),
    shape("many deep lists", "a:\n", Many("- " + "[" * 29 + "]" * 29 + "\n"), JOBS),
    shape("many deep dashes", "a:\n", Many("- " * 30 + "x\n"), JOBS),
    # Lines
    shape("items", "a:\n", Many("- x\n"), JOBS),
    shape("empty items", "a:\n", Many("-\n"), JOBS),
    shape("entries", Many("k§: v\n"), JOBS),
    shape("entries without values", Many("k§:\n"), JOBS),
    shape("questions", "a:\n", Many("? §\n"), JOBS),
    shape("a key twice at the end", Many("k§: v\n"), "k000000: v\n"),
    shape("jobs", JOBS, Many("- job_name: '§'\n  static_configs:\n  - targets: ['h§:1']\n")),
    shape("jobs with comments", JOBS, Many("- # c\n  job_name: §\n")),
    shape("jobs of one name", JOBS, Many("- job_name: x\n")),
    shape("jobs of our name", JOBS, Many("- job_name: pushgateway\n")),
    shape("target lines", GROUPS + "  - targets:\n", Many("    - h:1\n")),
    shape("empty target lines", GROUPS + "  - targets:\n", Many("    -\n")),
    shape("groups", GROUPS, Many("  - {targets: [h]}\n")),
    shape("groups that are none", GROUPS, Many("  - a\n")),
    shape(
        "labels",
        GROUPS + "  - targets: [",
        Many("h,"),
        "]\n    labels: {",
        Many("k§: v, "),
        "}\n",
    ),
    shape("fields of a group", GROUPS + "  - targets: [", Many("h,"), "]\n", Many("    k§: v\n")),
    shape("comments", Many("#\n"), JOBS),
    shape("comments after a job", JOBS + "- job_name: a\n", Many("#\n")),
    shape("indented comments", JOBS + "- job_name: a\n", Many("    #\n")),
    shape("comments between jobs", JOBS + "- a: b\n", Many("#\n"), "- a: c\n"),
    shape("comments with tabs", JOBS, Many("\t#\n")),
    shape(
        "comments with marks", OURS, Many("  # before this job was added, scrape_configs was \n")
    ),
    shape("commented out", JOBS + "- job_name: a\n", Many("#  x: y\n")),
    shape("commented out below targets", GROUPS + "  - targets:\n", Many("#    - x: y\n")),
    shape("blank lines", JOBS, Many("\n")),
    shape("blank lines between jobs", JOBS + "- a: b\n", Many("\n"), "- a: c\n"),
    shape("lines of blanks", JOBS + "- job_name: a\n", Many("   \n"), "x"),
    shape("lines of tabs", "a:\n", Many("\t\n"), JOBS),
    shape("a block scalar", "a: |\n", Many("  x\n"), JOBS),
    shape("a block scalar in one line", "a: |\n  ", Many("x"), "\n" + JOBS),
    shape("a block scalar of blank lines", "a: |\n  x\n", Many("\n"), JOBS),
    shape("a block scalar that keeps them", "a: |+\n  x\n", Many("\n"), JOBS),
    shape("a block scalar at the end", JOBS + "- body: |\n", Many("    x\n"), "    y"),
    shape("block scalars", "a:\n", Many("- |\n  x\n"), JOBS),
    shape("a folded scalar", "a: x\n", Many("  x\n"), JOBS),
    shape("documents", Many("---\n")),
    shape("ends of documents", "a: b\n", Many("...\n")),
    shape("directives", Many("%FOO x\n"), "---\n" + JOBS),
    shape("tag directives", Many("%TAG !§! x\n"), "---\n" + JOBS),
    shape("tags", "a:\n", Many("- !x y\n"), JOBS),
    shape("CRLF", "a:\r\n", Many("- x\r\n"), "scrape_configs:\r\n"),
    shape("CR", "a:\r", Many("- x\r"), "scrape_configs:\r"),
    shape("only CR", Many("\r")),
    shape("only U+2028", Many("\u2028")),
    shape("byte order marks", "a: b", Many("\ufeff"), "\n" + JOBS),
    shape("a template at the end", Many("a: x\n"), "b: {{ x }}\n"),
    shape("a template mark in many lines", Many("a: x$\n"), "${x}\n"),
    shape("placeholders without an end", "a: [", Many("${"), "\n"),
    shape("documents without values", JOBS, Many("---\n")),
    # Mistakes
    shape("a quote that is not closed", "a: 'x\n", Many("y\n")),
    shape("a quote that ends far below", 'a: ["', Many("y\n"), '\nb: "c"\n'),
    shape("a bracket that is not closed", "a: [", Many("'x',\n"), "b: c\n"),
    shape("a wrong indentation", JOBS, Many("  - x: y\n"), "   - z\n"),
    shape("a key without a colon", "x y\n", Many("  z\n"), "  a: b\n"),
    shape("a line that is too deep", "x: y\n", Many("  z\n"), "  a: b\n"),
    # Repairs
    shape("targets with blanks", TARGETS, Many("'localhost:9091 ',"), "]}]\n"),
    shape("groups of targets with blanks", GROUPS, Many("  - targets: ['localhost:9091 ']\n")),
    shape("targets of one port", TARGETS, Many("'1§:9091',"), "]}]\n"),
    shape("fields of our job", OURS, Many("  k§: v\n")),
    shape(
        "fields of our job and of others",
        OURS,
        Many("  k§: v\n"),
        Many("- {a: b, honor_labels: true}\n"),
    ),
    # Anchors, aliases, merge keys
    shape("anchors", "a:\n", Many("- &a§ x\n"), JOBS),
    shape("one anchor again and again", "a:\n", Many("- &a [x]\n"), JOBS),
    shape("aliases", "a: &a x\nb:\n", Many("- *a\n"), JOBS),
    shape("aliases to jobs", "a: &a {", Many("k§: v, "), "}\n" + JOBS, Many("- *a\n")),
    shape("merged jobs", "a: &a {", Many("k§: v, "), "}\n" + JOBS, Many("- {<<: *a, b: §}\n")),
    shape("merged lists", "a: &a {", Many("k§: v, "), "}\n" + JOBS + "- <<: [", Many("*a,"), "]\n"),
    shape("merge keys in a job", JOBS + "- job_name: a\n", Many("  <<: {}\n")),
    shape("aliases to groups", "a: &a {targets: [", Many("h,"), "]}\n" + GROUPS, Many("  - *a\n")),
    shape(
        "alias bombs",
        "a: &a [",
        Many("x,"),
        "]\nb: &b [",
        Many("*a,"),
        "]\nc: [",
        Many("*b,"),
        "]",
    ),
    shape("merge bombs", "a: &a {}\n", Many("b: &a {<<: [*a, *a, *a]}\n"), JOBS),
]
