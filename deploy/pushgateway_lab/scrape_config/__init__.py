"""prometheus.yml as text: merge, remove and inspect one scrape config in a file that others own.

Pure functions from text to text: this package opens no file. Three groups of modules:

+ finding places: `source`, `parse`, `meaning`, `nodes`, `compose`, `document`, `fields`, `jobs`
+ choosing the edits: `wanted`, `style`, `write`, `edit`, `sequence`, `marker`, `add`, `repair`, `remove`
+ proving the result: `guard`

`merge` uses all of them. `limits` and `memory` bound the time and the memory for one file.
"""

from pushgateway_lab.scrape_config.errors import LimitError, ScrapeConfigError
from pushgateway_lab.scrape_config.jobs import (
    Job,
    find_jobs,
    jobs_scraping,
    known_jobs,
    same_target,
    scrape_config_files,
)
from pushgateway_lab.scrape_config.limits import LONGEST
from pushgateway_lab.scrape_config.merge import merge_job, remove_job
from pushgateway_lab.scrape_config.source import decode

__all__ = [
    "LONGEST",
    "Job",
    "LimitError",
    "ScrapeConfigError",
    "decode",
    "find_jobs",
    "jobs_scraping",
    "known_jobs",
    "merge_job",
    "remove_job",
    "same_target",
    "scrape_config_files",
]
