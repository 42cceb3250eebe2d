"""The likeness of a metric's name to other names, to find misspellings."""

from difflib import SequenceMatcher

MISSPELT = 0.8
"""The least likeness of a metric name to the wanted one to be called a misspelling (1.0: the same)."""

COMPARED = 300
"""The most names of similar length that are compared: a pusher may send a million."""


_SUFFIX = "_total"
"""The suffix of a counter's name: the part that is forgotten most often."""

_LEAST_WORDS = 2


class Likeness:
    """A predicate for names that resemble a metric's name.

    A name resembles it if it has nearly the same letters, the same words with or without ``_total``, or some of its
    words in their order, at least two. It compares the first `COMPARED` names of similar length only.

    Example:
        >>> Likeness("backup_files")("backup_file")
        True
        >>> Likeness("backup_files_total")("backup_files")
        True
    """

    def __init__(self, metric: str) -> None:
        self._metric = metric
        self._stem = _stem(metric)
        self._matcher = SequenceMatcher(
            None, "", metric
        )  # it caches its analysis of the second text
        self._compared: dict[str, bool] = {}

    def __call__(self, name: str) -> bool:
        """Return whether a name, which is not the metric's own, resembles it."""
        if name in self._compared:
            return self._compared[name]
        if name == self._metric:
            return False
        if len(name) <= 2 * len(self._metric) and self._has_its_words(_stem(name)):
            return True
        # The upper bound of the likeness of two texts, from their lengths, see difflib.
        alike = 2 * min(len(name), len(self._metric)) / ((len(name) + len(self._metric)) or 1)
        if alike < MISSPELT or len(self._compared) >= COMPARED:
            return False
        self._matcher.set_seq1(name)
        is_like = self._matcher.quick_ratio() >= MISSPELT and self._matcher.ratio() >= MISSPELT
        self._compared[name] = is_like
        return is_like

    def _has_its_words(self, stem: str) -> bool:
        """Return whether one of both names, without suffixes, has all words of the other."""
        if stem.replace("_", "") == self._stem.replace("_", ""):
            return True
        shorter, longer = sorted((stem, self._stem), key=len)
        return shorter.count("_") + 1 >= _LEAST_WORDS and f"_{shorter}_" in f"_{longer}_"


def _stem(name: str) -> str:
    return name.lower().removesuffix(_SUFFIX)
