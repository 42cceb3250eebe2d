"""The notes about servers that this toolkit has installed from releases. Pure."""

NOTES = "/var/lib/pushgateway-lab/release-{}"
"""The file on a host with the version of a product, and what was made for it. ``files/install-release.sh`` writes it."""


def note_of(product: str) -> str:
    """Return the file with the note about a product, such as ``pushgateway``."""
    return NOTES.format(product)
