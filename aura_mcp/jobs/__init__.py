"""What is done again and again, one module for each: `JOB` says how often and what.

A module that has `JOB` is found by listing; nothing else names it.
"""

from aura_mcp.jobs._opening import in_background, opened_live
from aura_mcp.jobs._spec import JobSpec, list_jobs

__all__ = ["JobSpec", "in_background", "list_jobs", "opened_live"]
