"""The signature of a run: `signature.json` shows that this user trained the run on this machine.

A key of 32 random bytes lies in the user's state folder, outside of every run. `train` makes it once. The
signature is an HMAC-SHA256 (RFC 2104) with that key over

    the sha256 of config.yaml, which names the data, and
    the folder in which the run was trained, which the paths in config.yaml are relative to.

The signature has such a pair for each configuration of the run: when a run is resumed, its earlier
configurations stay in the list, since the model file may still hold one of them. Nobody without the key can
write a signature for another configuration or another folder. The present place of the run is not signed, so
the user may move, rename or copy the run.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
import stat
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rnnlab.errors import RunError
from rnnlab.files import PARTIAL, fsync_folder, write_durably
from rnnlab.runs.layout import small_bytes
from rnnlab.signals import held_signals

SIGNATURE = "signature.json"

Pages = dict[str, Path]
"""The folder that the paths of a configuration are relative to, by the sha256 of the configuration."""

_PURPOSE = b"rnnlab run signature 1\n"
_MOST_BYTES, _MOST_PAGES = 1 << 20, 100
_KEY = re.compile(rb"rnnlab key 1 ([0-9a-f]{64})\n")
_KEY_BYTES, _MOST_KEY_BYTES = 32, 1000


def sign(run: Path, config: bytes, *, before: bytes) -> None:
    """Sign a run for a configuration. Its earlier configurations stay signed, up to 100 in all.

    Args:
        run: the run folder, to which the paths of the configuration are relative.
        config: the configuration that the run will have.
        before: the present `config.yaml`; it is signed too, in case the process is killed before it is
            replaced.

    Raises:
        RunError: the key cannot be read (`_read_key`), or the key or the signature cannot be written.
    """
    key = _read_key() or _new_key()
    try:
        pages = _verified(run, key)
    except RunError:  # no signature yet, or one that is damaged or was made with another key
        pages = {}
    folder = Path(os.path.abspath(run))
    pages.setdefault(digest_of(before), folder)
    pages.pop(digest_of(config), None)
    pages[digest_of(config)] = folder
    listed = [[digest, str(place)] for digest, place in pages.items()][-_MOST_PAGES:]
    record = {"version": 1, "configs": listed, "hmac": _hmac(key, listed)}
    write_durably(run / SIGNATURE, (json.dumps(record, indent=1) + "\n").encode())


def signed_pages(run: Path) -> Pages:
    """Return the folder of each configuration for which a run is signed, by the configuration's sha256.

    Raises:
        RunError: why the run is not known as the user's own, in a few words.
    """
    if not os.path.lexists(run / SIGNATURE):
        raise RunError(f"no {SIGNATURE} in it")
    key = _read_key()
    if key is None:
        raise RunError(f"{SIGNATURE} was made with another key")
    return _verified(run, key)


def is_signed_for(run: Path, config: bytes) -> bool:
    """Return whether a run is signed for a configuration, by the user's key."""
    with suppress(RunError):
        return digest_of(config) in signed_pages(run)
    return False


def digest_of(config: bytes) -> str:
    """Return the sha256 of a configuration as 64 hexadecimal digits."""
    return hashlib.sha256(config).hexdigest()


def state_folder() -> Path:
    """Return the folder of the user's key: `$RNNLAB_STATE`, else `rnnlab` in the state folder of the system.

    Raises:
        RunError: no environment variable names a folder, and the user has no home folder.
    """
    if own := os.environ.get("RNNLAB_STATE"):
        return Path(own)
    if os.path.isabs(shared := os.environ.get("XDG_STATE_HOME", "")):
        return Path(shared, "rnnlab")
    if sys.platform == "win32" and os.path.isabs(local := os.environ.get("LOCALAPPDATA", "")):
        return Path(local, "rnnlab")
    try:
        home = Path.home()
    except RuntimeError:
        raise RunError(
            "the user has no home folder for the key that signs runs;"
            " set the environment variable RNNLAB_STATE to a folder"
        ) from None
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "rnnlab"
    return home / ".local" / "state" / "rnnlab"


def _verified(run: Path, key: bytes) -> Pages:
    """Return the folder of each configuration in a signature that was made with the key, by sha256.

    Raises:
        RunError: the signature cannot be read, is damaged, or was made with another key.
    """
    try:
        record = json.loads(small_bytes(run / SIGNATURE, most_bytes=_MOST_BYTES) or b"")
        listed, given = record["configs"], record["hmac"].encode()
        pages = {digest: Path(folder) for digest, folder in listed}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise RunError(f"{SIGNATURE} is damaged") from None
    if not hmac.compare_digest(_hmac(key, listed).encode(), given):
        raise RunError(f"{SIGNATURE} was made with another key")
    return pages


def _hmac(key: bytes, listed: Sequence[Sequence[str]]) -> str:
    """Return the HMAC of the JSON of a list, as 64 hexadecimal digits."""
    return hmac.new(key, _PURPOSE + json.dumps(listed).encode(), "sha256").hexdigest()


def _read_key() -> bytes | None:
    """Return the user's key; None if there is no key yet.

    Raises:
        RunError: the file cannot be read, holds no key, or is not private (`_check_private`).
    """
    path = state_folder() / "key"
    try:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with open(os.open(path, flags), "rb") as file:
            _check_private(path, os.fstat(file.fileno()))
            found = _KEY.fullmatch(file.read(_MOST_KEY_BYTES))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(
            f"{path}: cannot be read ({error.strerror or error}); expected a file of your own"
        ) from None
    if not found:
        raise RunError(f"{path}: not a key of rnnlab; remove the file, and the next training makes a new key")
    return bytes.fromhex(found[1].decode())


def _check_private(path: Path, status: os.stat_result) -> None:
    """Raise if the key is no regular file, or if another user, who could sign runs, owns it or may open it.

    Raises:
        RunError: what is wrong with the file, and the remedy.
    """
    if not stat.S_ISREG(status.st_mode):
        raise RunError(f"{path}: expected a file; remove it, and the next training makes a key")
    if os.name != "posix":
        return
    if status.st_uid != os.geteuid():
        raise RunError(f"{path}: belongs to another user; remove it, and the next training makes a key")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise RunError(f"{path}: other users may open this key; run: chmod 600 {path}")


@held_signals()
def _new_key() -> bytes:
    """Make a key, write it and return it; if several processes do so at once, all get the key of the first.

    Raises:
        RunError: the key cannot be written, or cannot be read afterwards.
    """
    path = state_folder() / "key"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(PARTIAL, ".key-", path.parent)  # mode 0600
        try:
            with open(descriptor, "wb") as file:
                file.write(b"rnnlab key 1 %b\n" % secrets.token_bytes(_KEY_BYTES).hex().encode())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(temporary, path)  # whole or not at all, and never in place of another key
        finally:
            os.unlink(temporary)
        fsync_folder(path.parent)
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(
            f"{path}: cannot be made ({reason}); set the environment variable RNNLAB_STATE to another folder"
        ) from None
    key = _read_key()
    if key is None:
        raise RunError(f"{path}: the key was removed right after it was made; train again")
    return key
