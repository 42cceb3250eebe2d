"""The smoke push, which proves that a host works."""

JOB = "pushgateway_lab_smoke"
"""The job label of the groups of smoke pushes."""
