"""The uninstallation: everything that this toolkit put on a host goes, and nothing else."""
