"""`aura webhooks` against an account at Helius that stands on this machine."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.aura_mcp.cli.conftest import Aura
from tests.aura_mcp.hub.processes import environment_of, home_of_hubs, hub
from tests.builders.transactions import address
from tests.fakes.chain import Chain
from tests.fakes.helius import HELIUS
from tests.fakes.stand import Stand, stand

URL = "https://tunnel.example/webhooks/helius"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Generator[Stand]:
    """Return an account at Helius, with its key set."""
    with stand(Chain()) as everything:
        monkeypatch.setenv("AURA_OFFLINE", "0")
        monkeypatch.setenv("AURA_HELIUS_URL", everything.upstream.url(HELIUS))
        monkeypatch.setenv("HELIUS_API_KEY", everything.helius.key)
        yield everything


def follow(aura: Aura, folder: Path, *names: str) -> None:
    """Follow wallets."""
    path = folder / "wallets.csv"
    path.write_text("address,nickname\n" + "".join(f"{address(name)},{name}\n" for name in names), encoding="utf-8")
    assert aura("import", path).code == 0


def test_webhook_is_made_brought_up_to_date_and_deleted(
    aura: Aura, account: Stand, tmp_path: Path, own_home: Path
) -> None:
    """Issue: webhooks create, list, delete; the secret goes to Helius and nowhere else."""
    follow(aura, tmp_path, "alice")
    made = aura("webhooks", "create", "--url", URL)
    assert (made.code, "1 wallets" in made.out) == (0, True)
    secret = (own_home / "run" / "webhook-secret").read_text("ascii").strip()
    follow(aura, tmp_path, "alice", "bob")
    (listed,) = json.loads(aura("webhooks", "list", "--json").out)["webhooks"]
    assert (listed["url"], listed["addresses"], listed["missing"], listed["extra"]) == (URL, 1, 1, 0)
    assert "1 not pushed yet" in aura("webhooks", "list").out
    (renewed,) = json.loads(aura("webhooks", "create", "--url", URL, "--json").out)["webhooks"]
    assert (renewed["webhook_id"], renewed["addresses"], renewed["missing"]) == (listed["webhook_id"], 2, 0)
    (kept,) = account.helius.webhooks.values()
    assert kept["authHeader"] == secret
    shown = made.out + aura("webhooks", "list", "--json").out
    assert secret not in shown
    assert account.helius.key not in shown
    assert aura("webhooks", "delete", listed["webhook_id"]).out == f"{listed['webhook_id']}: deleted\n"
    assert aura("webhooks", "list").out.startswith("No webhooks")


@pytest.mark.parametrize(
    "url", ["http://tunnel.example/webhooks/helius", "https://tunnel.example/", "https://u:p@x.example/webhooks/helius"]
)
def test_webhook_goes_to_our_door_over_https_only(aura: Aura, account: Stand, tmp_path: Path, url: str) -> None:
    """Our rule: the secret never travels in clear, and no push goes where nobody takes it."""
    follow(aura, tmp_path, "alice")
    refused = aura("webhooks", "create", "--url", url)
    assert (refused.code, "webhooks go to https://<your tunnel>/webhooks/helius" in refused.err) == (1, True)
    assert not account.helius.webhooks


def test_webhooks_need_a_key_and_wallets(
    aura: Aura, account: Stand, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our rule: what is missing is said with its name."""
    follow(aura, tmp_path)
    assert "no wallet is followed" in aura("webhooks", "create", "--url", URL).err
    monkeypatch.delenv("HELIUS_API_KEY")
    assert "needs HELIUS_API_KEY; set it" in aura("webhooks", "list").err
    with home_of_hubs(own_home), hub(environment_of(own_home)):
        assert "needs HELIUS_API_KEY" in aura("webhooks", "list").err
    assert account.helius.credits == 0


def test_webhooks_are_made_beside_a_running_hub(aura: Aura, account: Stand, tmp_path: Path, own_home: Path) -> None:
    """Our rule: every command works while a hub has the database."""
    follow(aura, tmp_path, "alice")
    jobs = ("wallets", "prices", "finality", "reconcile")
    quiet = {f"{job}_interval_s": "0" for job in jobs}
    with home_of_hubs(own_home), hub(environment_of(own_home, offline="0", **quiet)):
        assert aura("webhooks", "create", "--url", URL).code == 0
        (listed,) = json.loads(aura("webhooks", "list", "--json").out)["webhooks"]
        status = json.loads(aura("status", "--json").out)
    assert (listed["addresses"], listed["missing"]) == (1, 0)
    assert len(account.helius.webhooks) == 1
    spent = {entry["name"]: entry["credits_this_month"] for entry in status["live"]["providers"]}
    assert spent["helius"] == account.helius.credits > 0
