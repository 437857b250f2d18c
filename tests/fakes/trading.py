"""Let wallets trade and transfer on the simulated chain, each as one transaction that reads as what it is.

Mints and wallets go by name; a mint must have its pool (`open_pool`) before anyone trades it.
Not responsible for prices: every amount is given.
"""

from typing import Final

from tests.builders.transactions import (
    PUMP_FUN,
    SOL_UNIT,
    Step,
    address,
    calls,
    closes,
    holding,
    moves,
    opens,
    pays,
    takes,
    tips,
)
from tests.fakes.chain import Chain, Executed

SUPPLY: Final = 1_000_000_000_000_000


def pool_of(mint: str) -> str:
    """Return the name of the mint's pool."""
    return f"pool of {mint}"


def open_pool(chain: Chain, mint: str, *, tokens: int = SUPPLY, lamports: int = 1_000 * SOL_UNIT) -> str:
    """Give the mint a pool that holds tokens and SOL; return the pool's address."""
    chain.endow(pool_of(mint), mint, tokens)
    return chain.fund(pool_of(mint), lamports)


def buy(  # noqa: PLR0913 - each names one thing that a purchase may have
    chain: Chain,
    wallet: str,
    mint: str,
    amount: int,
    lamports: int,
    *,
    tip: int = 0,
    loaded: int = 0,
    name: str | None = None,
) -> Executed:
    """Buy tokens of the pool for native SOL, with a token account of its own when there is none."""
    pool = pool_of(mint)
    trade = calls(PUMP_FUN, pays(wallet, pool, lamports), moves(pool, wallet, mint, amount))
    steps = [*_account(chain, wallet, mint), *_tip(wallet, tip), trade]
    return chain.send(*steps, payer=wallet, loaded=loaded, name=name)


def sell(
    chain: Chain, wallet: str, mint: str, amount: int, lamports: int, *, tip: int = 0, is_closing: bool = False
) -> Executed:
    """Sell tokens to the pool for native SOL; `is_closing` closes the emptied token account."""
    pool = pool_of(mint)
    trade = calls(PUMP_FUN, moves(wallet, pool, mint, amount), takes(pool, wallet, lamports))
    after = [closes(wallet, mint)] if is_closing else []
    return chain.send(trade, *after, *_tip(wallet, tip), payer=wallet)


def swap(chain: Chain, wallet: str, sold: str, sold_amount: int, bought: str, bought_amount: int) -> Executed:
    """Swap one token for another in one call."""
    trade = calls(
        PUMP_FUN, moves(wallet, pool_of(sold), sold, sold_amount), moves(pool_of(bought), wallet, bought, bought_amount)
    )
    return chain.send(*_account(chain, wallet, bought), trade, payer=wallet)


def send_tokens(chain: Chain, sender: str, receiver: str, mint: str, amount: int) -> Executed:
    """Transfer tokens; into an account that exists this does not name its owner."""
    opened = [] if _has(chain, receiver, mint) else [opens(receiver, mint, by=sender)]
    return chain.send(*opened, moves(sender, receiver, mint, amount), payer=sender)


def send_sol(chain: Chain, sender: str, receiver: str, lamports: int) -> Executed:
    """Transfer SOL."""
    return chain.send(pays(sender, receiver, lamports), payer=sender)


def fail_to_buy(chain: Chain, wallet: str, mint: str, amount: int, lamports: int) -> Executed:
    """Pay the fee of a purchase that fails."""
    trade = calls(PUMP_FUN, pays(wallet, pool_of(mint), lamports), moves(pool_of(mint), wallet, mint, amount))
    return chain.send(*_account(chain, wallet, mint), trade, payer=wallet, is_failed=True)


def held(chain: Chain, wallet: str, mint: str) -> int:
    """Return what the wallet's account for a mint holds."""
    token = chain.account(holding(wallet, mint)).token
    return token.amount if token else 0


def _account(chain: Chain, wallet: str, mint: str) -> list[Step]:
    return [] if _has(chain, wallet, mint) else [opens(wallet, mint)]


def _has(chain: Chain, wallet: str, mint: str) -> bool:
    token = chain.account(holding(wallet, mint)).token
    return token is not None and token.owner == address(wallet)


def _tip(wallet: str, tip: int) -> list[Step]:
    return [tips(wallet, tip)] if tip else []
