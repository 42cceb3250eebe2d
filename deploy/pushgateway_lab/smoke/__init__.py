"""The push that proves that a host works."""

JOB = "pushgateway_lab_smoke"
"""The job label of the groups that it pushes."""
