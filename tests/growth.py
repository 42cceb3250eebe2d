"""Compare the times of two calls, to see whether time grows linearly with work. The ratio depends on no machine."""

import time
from collections.abc import Callable


def _seconds(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


def is_linear(small: Callable[[], object], large: Callable[[], object], most: float = 10) -> bool:
    """Return whether the large call takes at most a number of times as long, in the best of some rounds.

    Times below 20 ms are too short to measure growth, and pass.

    + large: does four times the work; four to six times as long are usual, sixteen times with the square
    """
    best, longest = _seconds(small), _seconds(large)
    for _ in range(6):
        if longest <= max(0.02, most * best):
            return True
        best, longest = min(best, _seconds(small)), min(longest, _seconds(large))
    return False
