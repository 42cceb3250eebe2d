"""Files for a host as one tar archive. Pure."""

import io
from collections.abc import Sequence
from typing import Protocol


class ArchivedFile(Protocol):
    """A file for an archive: its path on the host, its content and its permissions."""

    @property
    def path(self) -> str: ...  # noqa: D102 - see the class
    @property
    def data(self) -> bytes: ...  # noqa: D102
    @property
    def mode(self) -> int: ...  # noqa: D102


def archive(files: Sequence[ArchivedFile]) -> bytes:
    """Return a tar archive of files under their base names, which are unique; root owns them."""
    import tarfile  # here: a converged host does not need it

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for file in files:
            entry = tarfile.TarInfo(file.path.rpartition("/")[2])
            entry.size, entry.mode = len(file.data), file.mode
            tar.addfile(entry, io.BytesIO(file.data))
    return stream.getvalue()
