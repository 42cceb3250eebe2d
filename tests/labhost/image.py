"""Host images: built once per Debian release, cached, shared read-only by all hosts.

A *base* is a bare Debian with sshd and a package source of its own. A *layer* holds the files that the
installation of packages added to a base. Each is a directory with a digest of its recipe in its name, so a
changed recipe makes a new one.
"""

import hashlib
import logging
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .state import cache_directory, exclusive

SUITES = ("bullseye", "bookworm", "trixie", "forky")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_log = logging.getLogger(__name__)
_RECIPE = Path(__file__).parent / "recipe"
_BUILD_TIMEOUT = 1800  # seconds


class ImageBuildError(RuntimeError):
    """An image could not be built; the message holds the end of the build's output."""


class Image(NamedTuple):
    """A finished image: the lower directories of a host's overlay, uppermost first."""

    lower_directories: tuple[Path, ...]
    ssh_key: Path

    @property
    def host_keys(self) -> list[str]:
        """Return the public keys of its sshd, as `type key`. All hosts of one release share them."""
        files = sorted((self.lower_directories[-1] / "etc/ssh").glob("ssh_host_*_key.pub"))
        return [" ".join(file.read_text().split()[:2]) for file in files]


def ensure_image(suite: str, packages: Sequence[str] = ()) -> Image:
    """Return the image of a release with packages; build it if it is missing."""
    if suite not in SUITES:
        raise ValueError(f"unknown release {suite!r}; there are {', '.join(SUITES)}")
    name = f"{suite}-{_recipe_digest()}"
    base = _ensure(name, lambda unfinished, lock: _build_base(suite, unfinished, lock))
    lower: tuple[Path, ...] = (base / "root",)
    if packages:
        chosen = sorted(set(packages))
        # `_` is in no package's name, and needs no escape in mount options.
        name = "_".join([name, *chosen])
        layer = _ensure(name, lambda unfinished, lock: _build_layer(base, unfinished, chosen, lock))
        lower = (layer / "root", *lower)
    return Image(lower, base / "ssh_key")


def _ensure(name: str, build: Callable[[Path, int], None]) -> Path:
    """Return the cached directory `name`; make it with `build` if it is missing.

    It is built under another name and renamed when it is complete. So an interrupted build is never used,
    and the next build removes it.
    """
    cache = cache_directory()
    finished = cache / name
    if finished.is_dir():
        return finished
    with exclusive(_lock_file(name)) as lock:
        if finished.is_dir():
            return finished
        _sweep(building=name)
        unfinished = Path(tempfile.mkdtemp(prefix=f"{name}.building-", dir=cache))
        unfinished.chmod(0o755)
        _log.info("building image %s: a minute or two, once", name)
        try:
            build(unfinished, lock)
            unfinished.rename(finished)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return finished


def remove_outdated() -> list[Path]:
    """Delete the images of earlier recipes that no mounted host uses; return them."""
    _sweep()
    mounts = Path("/proc/mounts").read_text()
    removed = []
    for path in sorted(cache_directory().glob("*-*/")):
        name = path.name
        if _recipe_digest() in name or ".building-" in name or f"/{name}/" in mounts:
            continue
        with suppress(BlockingIOError), exclusive(_lock_file(name), wait=False):
            shutil.rmtree(path)
            removed.append(path)
    return removed


def _sweep(building: str | None = None) -> None:
    """Remove the remains of interrupted builds. The caller holds the lock of `building`."""
    for leftover in cache_directory().glob("*.building-*"):
        name = leftover.name.partition(".building-")[0]
        if name == building:
            shutil.rmtree(leftover)
            continue
        with suppress(BlockingIOError), exclusive(_lock_file(name), wait=False):
            shutil.rmtree(leftover)


def _lock_file(name: str) -> Path:
    return cache_directory() / f"{name}.lock"


def _build_base(suite: str, unfinished: Path, lock: int) -> None:
    root = unfinished / "root"
    _run_recipe("base.sh", suite, str(root), str(KEYRING), str(_RECIPE), lock=lock)
    # The host must not have the private key; this machine keeps it.
    shutil.move(root / "srv/ssh_key", unfinished / "ssh_key")
    (root / "srv/ssh_key.pub").unlink()


def _build_layer(base: Path, unfinished: Path, packages: list[str], lock: int) -> None:
    directories = [unfinished / name for name in ("root", "work", "merged")]
    for directory in directories:
        directory.mkdir()
    paths = [str(path) for path in (base / "root", *directories)]
    _run_recipe("layer.sh", *paths, *packages, lock=lock)
    for directory in directories[1:]:
        shutil.rmtree(directory)


def _run_recipe(script: str, *arguments: str, lock: int) -> None:
    """Run a build script whose processes and mounts end with this process.

    It has mount and PID namespaces of its own, is killed with its parent, and holds the lock until its
    last process ends.
    """
    isolate = ["unshare", "--mount", "--propagation=slave", "--mount-proc"]
    isolate += ["--pid", "--fork", "--kill-child"]
    try:
        done = subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", *isolate, "sh", _RECIPE / script, *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_BUILD_TIMEOUT,
            pass_fds=[lock],
        )
    except subprocess.TimeoutExpired as error:
        raise ImageBuildError(f"{script} took longer than {_BUILD_TIMEOUT} s") from error
    if done.returncode != 0:
        end = "\n".join(done.stdout.splitlines()[-20:])
        raise ImageBuildError(f"{script} {' '.join(arguments)} failed:\n{end}")


def _recipe_digest() -> str:
    content = b"".join(file.read_bytes() for file in sorted(_RECIPE.iterdir()))
    return hashlib.sha256(content).hexdigest()[:12]
