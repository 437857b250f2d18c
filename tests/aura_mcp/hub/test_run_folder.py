"""The run files, without a hub around them."""

import os
from pathlib import Path

import pytest

from aura_mcp.bridge import HubError, Places, dial, is_private, prepare_run_folder, take_lock
from aura_mcp.errors import AuraError
from aura_mcp.hub.run_folder import RunFolder, bind_loopback, claimed
from aura_mcp.hub.run_info import RunInfo, read_info


@pytest.fixture
def folder(own_home: Path) -> RunFolder:
    """Return a run folder of this test's own home."""
    places = Places(str(own_home))
    prepare_run_folder(places)
    return RunFolder(places)


def answers(places: Places, *, any_version: bool = True) -> bool:
    """Return whether the published hub can be dialed."""
    link = dial(places, "bridge", any_version=any_version)
    if link is not None:
        link.close()
    return link is not None


def test_folder_is_claimed_by_one(own_home: Path) -> None:
    """Spec: and free again at the end, whatever the end was."""
    places = Places(str(own_home))
    with claimed(places), pytest.raises(AuraError, match="a hub is already running"), claimed(places):
        pytest.fail("claimed twice")
    with claimed(places):
        assert take_lock(places.lock) is None


def test_lock_is_waited_for_within_its_bound(folder: RunFolder) -> None:
    """Our rule: a lock that is held is None at the end of the wait, not an error."""
    held = take_lock(folder.places.start_lock)
    assert held is not None
    assert take_lock(folder.places.start_lock, timeout_s=0.05) is None
    os.close(held)


def test_token_is_kept_while_nobody_else_could_read_it(folder: RunFolder) -> None:
    """Our rule: clients have it in their configuration; one that others could read is no secret any more."""
    token = folder.token()
    path = Path(folder.places.token)
    assert folder.token() == token
    path.chmod(0o644)
    assert folder.token() != token
    path.write_text("short", encoding="ascii")
    assert len(folder.token()) >= 43
    kept = path.with_name("elsewhere")
    path.replace(kept)
    path.symlink_to(kept)
    assert folder.token() != kept.read_text("ascii").strip()


def test_what_is_published_can_be_withdrawn(folder: RunFolder) -> None:
    """Our rule: what misleads is gone; the lock, the token and the log stay."""
    listener, address = folder.listen("unix")
    info = RunInfo(
        version="0.1.0",
        pid=1,
        started_at="2026-11-21T08:00:00+00:00",
        is_auto_started=True,
        database="/d",
        address=address,
        http_url="http://127.0.0.1:1/mcp",
        token_file=folder.places.token,
    )
    with listener:
        folder.publish(info)
        assert read_info(folder.places) == info
        assert answers(folder.places)
    folder.withdraw()
    folder.withdraw()
    assert list(Path(folder.places.run).iterdir()) == []
    assert read_info(folder.places) is None
    assert not answers(folder.places)


def test_folder_that_others_may_enter_is_closed_and_a_foreign_one_refused(own_home: Path) -> None:
    """Our rule: who can replace the socket can answer in the hub's place."""
    places = Places(str(own_home))
    run = Path(places.run)
    run.mkdir(parents=True)
    run.chmod(0o777)
    prepare_run_folder(places)
    assert is_private(places.run)
    run.rename(run.with_name("other"))
    run.symlink_to(run.with_name("other"))
    with pytest.raises(HubError, match="is not a folder of your own; make it a writable folder of yours"):
        prepare_run_folder(places)


def test_socket_in_an_open_folder_is_not_dialed(folder: RunFolder) -> None:
    """Our rule: as above, from the other side."""
    listener, address = folder.listen("unix")
    with listener:
        Path(folder.places.address).write_text(f"0.1.0 {address}\n", encoding="utf-8")
        assert answers(folder.places)
        Path(folder.places.run).chmod(0o755)
        assert not answers(folder.places)
        Path(folder.places.run).chmod(0o700)


def test_address_of_another_version_is_dialed_only_by_who_takes_any(folder: RunFolder) -> None:
    """Our rule: a fresh bridge replaces the hub of another version, one that lost its hub takes what is there."""
    listener, address = folder.listen("unix")
    with listener:
        Path(folder.places.address).write_text(f"0.0.9 {address}\n", encoding="utf-8")
        assert not answers(folder.places, any_version=False)
        assert answers(folder.places)


def test_port_in_use_is_an_error_that_names_it() -> None:
    """Spec: a clear line."""
    with bind_loopback(0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(AuraError, match=f"port {port} cannot be used: .+; choose another, or 0 for a free one"):
            bind_loopback(port)
