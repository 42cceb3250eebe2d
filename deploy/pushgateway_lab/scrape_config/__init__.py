"""prometheus.yml as text: merge, remove and inspect one scrape config of somebody else's file.

Pure functions from text to text; reading and writing files is done elsewhere. Three things happen,
each in modules of its own:

+ finding places: `source`, `parse`, `meaning`, `nodes`, `compose`, `configuration`, `fields`, `jobs`
+ choosing the edit: `wanted`, `style`, `write`, `edit`, `sequence`, `add`, `repair`, `remove`
+ proving the result: `proof`; `merge` puts all together

What a file may cost is in `limits` and `memory`.
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
