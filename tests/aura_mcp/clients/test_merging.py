"""A server gets into a configuration, and nothing else in it moves."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from aura_mcp.clients import MalformedError, merge_entry

ENTRY: dict[str, object] = {"command": "/opt/aura-mcp", "args": []}


def merge(text: str, *, allows_comments: bool = False) -> str:
    """Return the text with AURA in it; a second merge must not change it again."""
    merged = merge_entry(text, "mcpServers", "aura", ENTRY, allows_comments=allows_comments)
    assert merge_entry(merged, "mcpServers", "aura", ENTRY, allows_comments=allows_comments) == merged
    return merged


@pytest.mark.parametrize("text", ["", "\n", "{}", "{ }\n", "{\n}\n"])
def test_empty_configuration_gets_the_section_and_the_server(text: str) -> None:
    """Our rule: a blank file is a configuration that holds nothing yet."""
    merged = merge(text)
    assert merged.rstrip() == (
        '{\n  "mcpServers": {\n    "aura": {\n      "command": "/opt/aura-mcp",\n      "args": []\n    }\n  }\n}'
    )


def test_other_servers_and_settings_stay_as_they_are() -> None:
    """Spec: merges; numbers, escapes, order and odd spacing are the user's."""
    text = (
        '{\n    "theme":"dark", "n": 1.0e2,\n'
        '    "mcpServers": {\n        "git" : {"command": "g\\u0069t"}\n    },\n    "last": [ ]\n}\n'
    )
    assert merge(text) == snapshot("""\
{
    "theme":"dark", "n": 1.0e2,
    "mcpServers": {
        "git" : {"command": "g\\u0069t"},
        "aura": {
            "command": "/opt/aura-mcp",
            "args": []
        }
    },
    "last": [ ]
}
""")


def test_old_entry_is_brought_up_to_date_and_keeps_what_the_user_added() -> None:
    """Our rule: only command and args are ours; keys that the user put into `env` stay."""
    text = '{"mcpServers": {"aura": {"command": "aura-mcp", "env": {"HELIUS_API_KEY": "k"}, "disabled": false}}}'
    assert merge(text) == (
        '{"mcpServers": {"aura": {"command": "/opt/aura-mcp", "env": {"HELIUS_API_KEY": "k"}, "disabled": false,'
        ' "args": []}}}'
    )


def test_tabs_windows_lines_and_byte_order_mark_stay() -> None:
    """Our rule: the text looks as if its own editor had written it."""
    assert merge('\ufeff{\r\n\t"a": 1\r\n}') == (
        '\ufeff{\r\n\t"a": 1,\r\n\t"mcpServers": {\r\n\t\t"aura": {\r\n\t\t\t"command": "/opt/aura-mcp",'
        '\r\n\t\t\t"args": []\r\n\t\t}\r\n\t}\r\n}'
    )


def test_configuration_on_one_line_stays_on_one_line() -> None:
    """Our rule: as above."""
    assert merge('{"a": 1, "mcpServers": {}}') == (
        '{"a": 1, "mcpServers": {"aura": {"command": "/opt/aura-mcp", "args": []}}}'
    )


def test_comments_and_trailing_commas_stay_where_they_are_allowed() -> None:
    """Spec: VS Code reads its mcp.json as JSON with comments."""
    text = '// mine\n{\n  "mcpServers": {\n    "git": {}, // } not the end\n    /* " */\n  }, // last\n}\n'
    assert merge(text, allows_comments=True) == snapshot("""\
// mine
{
  "mcpServers": {
    "git": {}, // } not the end
    /* " */
    "aura": {
      "command": "/opt/aura-mcp",
      "args": []
    }
  }, // last
}
""")


def test_comment_behind_the_last_member_keeps_its_line() -> None:
    """Our rule: the comma goes before the comment, the new member behind it."""
    text = '{\n  "mcpServers": {\n    "git": {} // keep\n  }\n}\n'
    assert '"git": {}, // keep\n    "aura": {' in merge(text, allows_comments=True)


def test_last_of_equal_keys_is_the_one_that_counts() -> None:
    """Spec: ECMA-404 leaves it open; every client's parser takes the last."""
    merged = merge('{"mcpServers": {"old": {}}, "mcpServers": {"new": {}}}')
    assert list(json.loads(merged)["mcpServers"]) == ["new", "aura"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"a": 1', "line 1, column 8: expected a comma or '}'"),
        ('{\n  "a": 1,\n}', "line 2, column 9: expected no comma before '}'"),
        ("{\n  // note\n}", "line 2, column 3: expected a key in double quotes"),
        ("[]", "line 1, column 1: expected an object in braces"),
        ('{"a": nan}', "line 1, column 7: expected a value"),
        ('{"a": 01}', "line 1, column 8: expected a comma or '}'"),
        ('{"a": "x\ny"}', "line 1, column 7: expected a string that ends on its line, with nothing unknown"),
        ('{"a" 1}', "line 1, column 6: expected a colon"),
        ("{} {}", "line 1, column 4: expected nothing more"),
        ('{"a":', "line 1, column 6: expected a value, found the end"),
        ('{"mcpServers": []}', "line 1, column 16: expected 'mcpServers' to be an object in braces"),
        ('{"mcpServers": {"aura": null}}', "line 1, column 25: expected 'aura' to be an object in braces"),
        ('{"a": ' + "[" * 300, "nested deeper than 200 levels"),
    ],
)
def test_malformed_configuration_is_refused_with_its_place(text: str, line: str) -> None:
    """Spec: refuses malformed JSON with one clear line."""
    with pytest.raises(MalformedError) as caught:
        merge(text)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def _documents() -> st.SearchStrategy[dict[str, Any]]:
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
    servers = st.dictionaries(st.sampled_from(["aura", "git", 'a"b']), st.dictionaries(st.text(), values, max_size=2))
    return st.dictionaries(st.text(), values, max_size=3).flatmap(
        lambda rest: st.one_of(st.just(rest), servers.map(lambda found: {**rest, "mcpServers": found}))
    )


@given(document=_documents(), indent=st.sampled_from([None, 2, "\t"]), is_ascii=st.booleans())
def test_merge_changes_the_entry_and_nothing_else(
    document: dict[str, Any], indent: int | str | None, *, is_ascii: bool
) -> None:
    """Law: parse(merge(text)) is parse(text) with the entry in it, for any document in any layout."""
    if not isinstance(document.get("mcpServers", {}), dict):
        del document["mcpServers"]
    merged = merge(json.dumps(document, indent=indent, ensure_ascii=is_ascii))
    servers: dict[str, Any] = document.get("mcpServers", {})
    expected: dict[str, Any] = {**document, "mcpServers": {**servers, "aura": {**servers.get("aura", {}), **ENTRY}}}
    assert json.loads(merged) == expected


@given(text=st.text(alphabet='{}[]":,/*\\ \n1eau'))
def test_any_text_is_read_as_every_parser_reads_it_or_refused(text: str) -> None:
    """Law: what `json` refuses is refused, and nothing else but a document that is no object."""
    try:
        is_object = isinstance(json.loads(text), dict)
    except ValueError:
        is_object = False
    if is_object or not text.strip(" \t\r\n"):
        merge(text)
    else:
        with pytest.raises(MalformedError):
            merge(text)
