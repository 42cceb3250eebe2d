"""The likeness of a metric's name to other names, to find misspellings."""

from difflib import SequenceMatcher

MISSPELT = 0.8
"""The least likeness of a metric name to the wanted one to be called a misspelling (1.0: the same)."""

COMPARED = 300
"""The most names of similar length that are compared: a pusher may send a million."""


class Likeness:
    """A predicate for names that resemble a metric's name.

    It compares the first `COMPARED` names of similar length only.

    Example:
        >>> Likeness("backup_files")("backup_file")
        True
    """

    def __init__(self, metric: str) -> None:
        self._metric = metric
        self._matcher = SequenceMatcher(
            None, "", metric
        )  # it caches its analysis of the second text
        self._compared: dict[str, bool] = {}

    def __call__(self, name: str) -> bool:
        """Return whether a name, which is not the metric's own, resembles it."""
        if name in self._compared:
            return self._compared[name]
        # The upper bound of the likeness of two texts, from their lengths, see difflib.
        alike = 2 * min(len(name), len(self._metric)) / ((len(name) + len(self._metric)) or 1)
        if alike < MISSPELT or name == self._metric or len(self._compared) >= COMPARED:
            return False
        self._matcher.set_seq1(name)
        is_like = self._matcher.quick_ratio() >= MISSPELT and self._matcher.ratio() >= MISSPELT
        self._compared[name] = is_like
        return is_like
