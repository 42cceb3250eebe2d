"""prometheus.yml as text: merge, remove and inspect one scrape config in a file that others own.

Pure functions from text to text: this package opens no file. Six groups of modules:

+ finding places: `source`, `comments`, `parse`, `meaning`, `nodes`, `compose`, `document`, `fields`, `targets`,
  `jobs`
+ refusing with the line: `mistakes`, `templates`, `shape`, `sharing`
+ learning the style: `votes`, `style`, `brackets`, `field_order`, `spacing`
+ choosing the edits: `wanted`, `rivals`, `write`, `edit`, `sequence`, `marker`, `add`, `repair`, `entries`, `extend`,
  `remove`
+ comparing with what runs: `comparison`
+ proving the result: `guard`

`drop` takes targets away again, `replace` puts a job in place of another one, `stray` finds a field at a wrong place,
and `managed` tells which program writes the file.

`merge` uses all of them. `limits` and `memory` bound the time and the memory for one file.
"""

from pushgateway_lab.scrape_config.comparison import differing_fields
from pushgateway_lab.scrape_config.drop import drop_fields, drop_targets
from pushgateway_lab.scrape_config.errors import LimitError, ScrapeConfigError
from pushgateway_lab.scrape_config.jobs import (
    Job,
    Login,
    find_jobs,
    jobs_scraping,
    known_jobs,
    scrape_config_files,
)
from pushgateway_lab.scrape_config.limits import LONGEST
from pushgateway_lab.scrape_config.managed import Manager, manager_of
from pushgateway_lab.scrape_config.merge import merge_job, remove_job
from pushgateway_lab.scrape_config.replace import Change, changes, replace_job
from pushgateway_lab.scrape_config.source import decode
from pushgateway_lab.scrape_config.stray import Stray, stray_fields
from pushgateway_lab.scrape_config.targets import same_target, without_blanks

__all__ = [
    "LONGEST",
    "Change",
    "Job",
    "LimitError",
    "Login",
    "Manager",
    "ScrapeConfigError",
    "Stray",
    "changes",
    "decode",
    "differing_fields",
    "drop_fields",
    "drop_targets",
    "find_jobs",
    "jobs_scraping",
    "known_jobs",
    "manager_of",
    "merge_job",
    "remove_job",
    "replace_job",
    "same_target",
    "scrape_config_files",
    "stray_fields",
    "without_blanks",
]
