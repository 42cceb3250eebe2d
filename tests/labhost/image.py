"""Host images: built once per Debian release, cached, shared read-only by all hosts.

A *base* is a bare Debian with sshd and a package source of its own. A *layer* is what installing
packages added to a base. Each is a directory whose name holds a digest of the recipe that made
it, so a changed recipe makes a new one.
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
    """A finished image: what a host's root file system is stacked on, uppermost first."""

    lower_directories: tuple[Path, ...]
    ssh_key: Path

    @property
    def host_keys(self) -> list[str]:
        """The public keys of its sshd, as `type key`. All hosts of one release share them."""
        files = sorted((self.lower_directories[-1] / "etc/ssh").glob("ssh_host_*_key.pub"))
        return [" ".join(file.read_text().split()[:2]) for file in files]


def ensure_image(suite: str, packages: Sequence[str] = ()) -> Image:
    """The image of a release with packages installed, built now if there is none yet."""
    if suite not in SUITES:
        raise ValueError(f"unknown release {suite!r}; there are {', '.join(SUITES)}")
    name = f"{suite}-{_recipe_digest()}"
    base = _ensure(name, lambda unfinished, lock: _build_base(suite, unfinished, lock))
    lower: tuple[Path, ...] = (base / "root",)
    if packages:
        chosen = sorted(set(packages))
        # `_` is in no package's name, and mount options take it as it is.
        name = "_".join([name, *chosen])
        layer = _ensure(name, lambda unfinished, lock: _build_layer(base, unfinished, chosen, lock))
        lower = (layer / "root", *lower)
    return Image(lower, base / "ssh_key")


def _ensure(name: str, build: Callable[[Path, int], None]) -> Path:
    """The cached directory `name`, made by `build` if it is missing.

    It is built under another name and renamed when it is complete: a build that was killed is
    never taken for a finished one, and the next build removes what it left.
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
    """Delete the images of earlier recipes that no mounted host stands on; returns them."""
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
    """Remove what killed builds left. The caller holds the lock of `building`."""
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
    # The private key belongs to the machine that logs in, not to the host.
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
    """Run a build script so that nothing of it outlives this process.

    It gets mount and PID namespaces of its own (its mounts and processes end with it), is killed
    with its parent, and holds the lock until its last process is gone.
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
