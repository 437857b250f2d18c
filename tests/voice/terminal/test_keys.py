"""What bytes of a terminal mean: kitty's protocol, and terminals that know no release."""

from voice.terminal.keys import Key, Keys, is_complete, speaks_kitty

DOWN, UP = b"\x1b[32;1:1u", b"\x1b[32;1:3u"


def test_terminals_with_releases_tell_when_the_key_is_let_go() -> None:
    """The kitty keyboard protocol: event types 1 press, 2 repeat, 3 release."""
    keys = Keys(has_releases=True)
    assert keys.feed(DOWN, 0.0) == [Key.DOWN]
    assert keys.feed(b"\x1b[32;1:2u" * 9, 0.5) == []
    assert keys.tick(60.0) == []
    assert keys.feed(UP, 60.0) == [Key.UP]


def test_a_sequence_may_come_in_pieces() -> None:
    """A terminal behind SSH sends bytes as the network likes."""
    keys = Keys(has_releases=True)
    found = [key for byte in DOWN + UP for key in keys.feed(bytes([byte]), 0.0)]
    assert found == [Key.DOWN, Key.UP]


def test_locks_and_alternate_keys_in_a_report_do_not_matter() -> None:
    """The kitty keyboard protocol: `CSI 32 : 32 ; 129 : 1 u` is space with Num Lock on."""
    keys = Keys(has_releases=True)
    assert keys.feed(b"\x1b[32:32;129:1u", 0.0) == [Key.DOWN]
    assert keys.feed(b"\x1b[32:32;129:3u", 1.0) == [Key.UP]


def test_a_key_that_repeats_is_let_go_when_it_stops_repeating() -> None:
    """Our rule: without releases, five learned intervals of silence are one."""
    keys = Keys(has_releases=False)
    assert keys.feed(b" ", 0.0) == [Key.DOWN]
    times = [0.5 + 0.033 * count for count in range(20)]
    assert [key for time in times for key in [*keys.tick(time), *keys.feed(b" ", time)]] == []
    assert keys.tick(times[-1] + 0.1) == []
    assert keys.tick(times[-1] + 0.2) == [Key.UP]


def test_a_tap_starts_and_the_next_tap_ends() -> None:
    """Spec: tap-to-toggle where the terminal does not tell releases; a tap lasts as long as it must."""
    keys = Keys(has_releases=False)
    assert keys.feed(b" ", 0.0) == [Key.DOWN]
    assert keys.tick(30.0) == []
    assert keys.feed(b" ", 30.0) == [Key.UP]
    assert keys.feed(b" ", 31.0) == [Key.DOWN]


def test_escape_drops_and_the_next_press_begins_anew() -> None:
    """Our rule: Esc is "leave me alone", in every terminal."""
    kitty, plain = Keys(has_releases=True), Keys(has_releases=False)
    assert kitty.feed(DOWN + b"\x1b[27;1:1u" + UP, 0.0) == [Key.DOWN, Key.DROP]
    assert kitty.feed(DOWN, 1.0) == [Key.DOWN]
    assert plain.feed(b" \x1b", 0.0) == [Key.DOWN, Key.DROP]
    assert plain.feed(b" ", 1.0) == [Key.DOWN]


def test_q_and_control_c_quit_and_everything_else_is_nothing() -> None:
    """Our rule; in kitty's protocol Ctrl-C is a key like any other."""
    assert Keys(has_releases=False).feed(b"q", 0.0) == [Key.QUIT]
    assert Keys(has_releases=False).feed(b"\x03", 0.0) == [Key.QUIT]
    assert Keys(has_releases=True).feed(b"\x1b[99;5:1u", 0.0) == [Key.QUIT]
    assert Keys(has_releases=True).feed(b"\x1b[113;1:1u", 0.0) == [Key.QUIT]
    assert Keys(has_releases=True).feed(b"\x1b[99;1:1u", 0.0) == []
    assert Keys(has_releases=False).feed(b"c\x1b[A\x1b[15~\xc3\xa4", 0.0) == []


def test_the_probe_tells_terminals_apart() -> None:
    """The kitty keyboard protocol: `CSI ? flags u` before the answer to the device attributes, or not at all."""
    assert is_complete(b"\x1b[?0u\x1b[?62;c")
    assert speaks_kitty(b"\x1b[?0u\x1b[?62;c")
    assert is_complete(b"\x1b[?1;2c")
    assert not speaks_kitty(b"\x1b[?1;2c")
    assert not is_complete(b"\x1b[?0u")


def test_a_late_answer_to_the_probe_is_no_key() -> None:
    """A slow connection answers after we have stopped waiting."""
    assert Keys(has_releases=False).feed(b"\x1b[?0u\x1b[?62;1;4c", 1.0) == []
