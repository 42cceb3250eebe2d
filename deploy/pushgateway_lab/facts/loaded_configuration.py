"""The configuration that Prometheus has loaded, as a look shows it, and its parser. Pure."""

import json
import math
from typing import NamedTuple

from pushgateway_lab import scrape_config
from pushgateway_lab.scrape_config import Job


class Loaded(NamedTuple):
    """The configuration that Prometheus reports as loaded."""

    config: str
    """The loaded configuration as YAML, with all defaults written out and without secrets."""
    last_reload_successful: bool
    last_reload_success_at: float

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The scrape jobs in the loaded configuration."""
        return scrape_config.known_jobs(self.config)


def parse_loaded(said: dict[str, list[str]]) -> Loaded | None:
    """Return Prometheus's configuration; None if Prometheus did not answer, or another program did."""
    answer = said.get("prometheus_config")
    successful = said.get("prometheus_config_last_reload_successful")
    success_at = said.get("prometheus_config_last_reload_success_timestamp_seconds")
    if not (answer and successful and success_at):
        return None
    try:
        config: str = json.loads(answer[0])["data"]["yaml"]
        if not isinstance(config, str):
            return None
        at = float(success_at[0])
        loaded = Loaded(
            config=config,
            last_reload_successful=float(successful[0]) == 1,
            last_reload_success_at=at if math.isfinite(at) else 0,
        )
        _ = loaded.jobs  # fails if this is not a configuration that Prometheus can have loaded
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return loaded
