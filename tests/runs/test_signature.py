"""The signature of a run: who makes it, what it is worth, and what is wrong with a key."""

import errno
import hashlib
import json
import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from rnnlab.errors import RunError
from rnnlab.runs import signature
from rnnlab.runs.signature import SIGNATURE, digest_of, is_signed_for, sign, signed_pages, state_folder
from tests.needs import needs

CONFIG, OTHER = b"dataset: {kind: text, path: ../data.txt}\n", b"dataset: {kind: text, path: ../../secret}\n"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder that is not there yet."""
    monkeypatch.setenv("RNNLAB_STATE", str(tmp_path / "home" / "state"))
    return tmp_path / "home" / "state"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder that is not signed yet."""
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def refusal(run: Path) -> str:
    """Why a run is not known as the user's own."""
    with pytest.raises(RunError) as caught:
        signed_pages(run)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_signed_run_is_known_with_the_folder_that_its_paths_are_relative_to(run: Path) -> None:
    """Wherever the run lies afterwards, and as often as it is copied."""
    sign(run, CONFIG, before=CONFIG)
    moved = run.rename(run.parent / "moved")

    assert signed_pages(moved) == {hashlib.sha256(CONFIG).hexdigest(): run}
    assert is_signed_for(moved, CONFIG)
    assert not is_signed_for(moved, OTHER)


def test_a_run_without_a_signature_is_not_known(run: Path) -> None:
    """And asking makes neither a key nor a folder."""
    assert refusal(run) == "no signature.json in it"
    assert not is_signed_for(run, CONFIG)
    assert not Path(os.environ["RNNLAB_STATE"]).exists()


def test_the_configuration_of_before_is_known_too(run: Path) -> None:
    """A process may be killed after it has signed and before it writes the new one."""
    sign(run, CONFIG, before=CONFIG)
    moved = run.rename(run.parent / "moved")

    sign(moved, OTHER, before=CONFIG)

    assert signed_pages(moved) == {digest_of(CONFIG): run, digest_of(OTHER): moved}


def test_a_run_that_is_resumed_for_ever_has_a_signature_of_bounded_size(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The configurations of long ago are left out, and the last is there."""
    monkeypatch.setattr(signature, "_MOST_PAGES", 3)
    for number in range(5):
        sign(run, b"%d" % number, before=b"%d" % max(number - 1, 0))

    assert [*signed_pages(run)] == [digest_of(b"%d" % number) for number in (2, 3, 4)]


def test_the_key_is_the_users_alone(state: Path, run: Path) -> None:
    """32 random bytes, made once, that nobody else can read; nothing else is left in the folder."""
    sign(run, CONFIG, before=CONFIG)
    key = (state / "key").read_bytes()
    sign(run, OTHER, before=CONFIG)

    assert (state / "key").read_bytes() == key
    assert len(bytes.fromhex(key.split()[-1].decode())) == 32
    assert os.listdir(state) == ["key"]
    if os.name == "posix":
        assert stat.S_IMODE((state / "key").stat().st_mode) == 0o600
        assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_two_users_have_two_keys(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the one has signed, the other does not know; nor does anyone without a key."""
    sign(run, CONFIG, before=CONFIG)
    monkeypatch.setenv("RNNLAB_STATE", str(tmp_path / "other"))
    assert refusal(run) == "signature.json was made with another key"
    (tmp_path / "run-2").mkdir()
    sign(tmp_path / "run-2", CONFIG, before=CONFIG)

    assert refusal(run) == "signature.json was made with another key"


def test_eight_trainings_at_once_on_a_new_machine_have_one_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first key stays, and all sign with it; none is seen half written."""
    for attempt in range(4):
        monkeypatch.setenv("RNNLAB_STATE", str(tmp_path / f"state-{attempt}"))
        runs = [tmp_path / f"run-{attempt}-{number}" for number in range(8)]
        barrier = threading.Barrier(8)

        def train(run: Path, barrier: threading.Barrier = barrier) -> None:
            run.mkdir()
            barrier.wait()
            sign(run, CONFIG, before=CONFIG)

        threads = [threading.Thread(target=train, args=(run,)) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [is_signed_for(run, CONFIG) for run in runs] == [True] * 8
        assert os.listdir(tmp_path / f"state-{attempt}") == ["key"]


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record["configs"].append([digest_of(OTHER), "/"]),
        lambda record: record["configs"][0].__setitem__(0, digest_of(OTHER)),
        lambda record: record["configs"][0].__setitem__(1, "/"),
        lambda record: record.update(hmac="0" * 64),
        lambda record: record.update(hmac=""),
        lambda record: record.update(hmac="ä" * 64),
        lambda record: record.update(hmac=record["hmac"].upper()),
        lambda record: record.update(configs=[]),
        lambda record: record.update(configs={"ab": 1}),
    ],
)
def test_a_signature_that_was_changed_is_worth_nothing(run: Path, change) -> None:
    """Another configuration, another folder, or another digest."""
    sign(run, CONFIG, before=CONFIG)
    record = json.loads((run / SIGNATURE).read_text())
    change(record)
    (run / SIGNATURE).write_text(json.dumps(record))

    assert refusal(run) == "signature.json was made with another key"
    assert not is_signed_for(run, CONFIG)


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"",
            b"\0" * 100,
            b"\xff\xfe",
            b"null",
            b"[]",
            b"{}",
            b"[" * 100_000,
            b'{"configs": [], "hmac": 1}',
        ),
        *(b'{"configs": [[[], ""]], "hmac": ""}', b'{"configs": [["a"]], "hmac": ""}', b'{"configs": 1}'),
        *(b'{"configs": [["a", null]], "hmac": ""}', b'{"configs": [], "hmac": "\\ud800"}', b"9" * 10_000),
    ],
)
def test_a_signature_of_any_bytes_is_refused_in_a_few_words(run: Path, content: bytes) -> None:
    """Anyone may have written it; a training that goes on writes it anew."""
    sign(run, CONFIG, before=CONFIG)
    (run / SIGNATURE).write_bytes(content)

    assert refusal(run) == "signature.json is damaged"
    sign(run, CONFIG, before=CONFIG)
    assert is_signed_for(run, CONFIG)


@needs("Unix")
def test_what_is_no_file_is_no_signature(run: Path, tmp_path: Path) -> None:
    """A pipe is not waited for, a link leads nowhere, and what is too large is not read."""
    sign(run, CONFIG, before=CONFIG)
    path = run / SIGNATURE
    genuine = path.rename(tmp_path / "genuine.json")

    path.symlink_to(genuine)
    assert "leads outside its folder" in refusal(run)
    path.unlink()
    os.mkfifo(path)
    assert refusal(run) == f"{path}: expected a file, received a folder, a pipe or a device"
    path.unlink()
    path.touch()
    os.truncate(path, 1 << 40)
    assert "expected at most 1,048,576 bytes" in refusal(run)


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 32, b"x" * 32, b"rnnlab key 1 " + b"a" * 63 + b"\n", b"\xff" * 5000, None]
)
def test_a_file_that_is_no_key_is_named_and_left_alone(state: Path, run: Path, content: bytes | None) -> None:
    """Also one of a terabyte, which is not read whole; without the key no run is known."""
    sign(run, CONFIG, before=CONFIG)
    key = state / "key"
    if content is None:
        os.truncate(key, 1 << 40)
    else:
        key.write_bytes(content)
    before = key.stat()

    expected = f"{key}: not a key of rnnlab; remove the file, and the next training makes a new key"
    assert refusal(run) == expected
    with pytest.raises(RunError) as caught:
        sign(run, CONFIG, before=CONFIG)

    assert str(caught.value) == expected
    assert (key.stat().st_size, key.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


@needs("Unix")
def test_a_key_that_others_can_open_or_have_made_is_not_used(
    state: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They could sign their own runs with it; the line says what to do."""
    sign(run, CONFIG, before=CONFIG)
    key = state / "key"

    for mode in (0o644, 0o620, 0o604):
        key.chmod(mode)
        assert refusal(run) == f"{key}: other users may open this key; run: chmod 600 {key}"
    key.chmod(0o600)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert "belongs to another user" in refusal(run)
    monkeypatch.undo()
    monkeypatch.setenv("RNNLAB_STATE", str(state))
    assert is_signed_for(run, CONFIG)
    genuine = key.rename(tmp_path / "key")
    key.symlink_to(genuine)
    assert "cannot be read" in refusal(run)
    key.unlink()
    os.mkfifo(key, 0o600)
    assert "expected a file" in refusal(run)


def test_a_key_that_is_replaced_makes_strangers_of_the_runs_before(state: Path, run: Path) -> None:
    """Until they are trained on."""
    sign(run, CONFIG, before=CONFIG)
    (state / "key").unlink()
    assert refusal(run) == "signature.json was made with another key"

    sign(run, OTHER, before=OTHER)

    assert signed_pages(run) == {digest_of(OTHER): run}


def test_a_state_folder_that_cannot_be_written_is_said(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, which names the remedy; nothing half made is left."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("RNNLAB_STATE", str(tmp_path / "file" / "state"))
    with pytest.raises(RunError) as caught:
        sign(run, CONFIG, before=CONFIG)
    assert str(caught.value) == f"{tmp_path}/file/state/key: cannot be read (Not a directory);" + (
        " expected a file of your own"
    )

    monkeypatch.setenv("RNNLAB_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(os, "link", _without_links)
    with pytest.raises(RunError) as caught:
        sign(run, CONFIG, before=CONFIG)
    assert str(caught.value) == (
        f"{tmp_path}/state/key: cannot be made (Operation not permitted);"
        " set the environment variable RNNLAB_STATE to another folder"
    )
    assert os.listdir(tmp_path / "state") == []
    assert not (run / SIGNATURE).exists()


def test_what_decides_takes_the_same_time_for_every_wrong_digest(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is `hmac.compare_digest`, and nothing beside it."""
    sign(run, CONFIG, before=CONFIG)
    compared: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr(signature.hmac, "compare_digest", lambda *both: compared.append(both))

    assert refusal(run) == "signature.json was made with another key"
    ((own, given),) = compared
    assert own == given


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"RNNLAB_STATE": "/own", "XDG_STATE_HOME": "/xdg"}, "/own"),
        ("linux", {"XDG_STATE_HOME": "/xdg"}, "/xdg/rnnlab"),
        ("linux", {"XDG_STATE_HOME": "relative"}, "/home/me/.local/state/rnnlab"),
        ("linux", {"RNNLAB_STATE": ""}, "/home/me/.local/state/rnnlab"),
        ("darwin", {}, "/home/me/Library/Application Support/rnnlab"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/rnnlab"),
    ],
)
def test_the_key_lies_where_the_system_keeps_such_files(
    monkeypatch: pytest.MonkeyPatch, platform: str, environment: dict[str, str], expected: str
) -> None:
    """Or in a folder that the user names."""
    for name in ("RNNLAB_STATE", "XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/me", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)

    assert state_folder().as_posix() == expected


def test_without_a_home_folder_a_name_for_one_is_asked_for(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a user of a container who is in no list of users."""
    monkeypatch.delenv("RNNLAB_STATE")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", _homeless)

    with pytest.raises(RunError, match="no home folder for the key that signs runs; set the environment"):
        sign(run, CONFIG, before=CONFIG)


def _without_links(*_: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def _homeless() -> Path:
    raise RuntimeError("Could not determine home directory.")
