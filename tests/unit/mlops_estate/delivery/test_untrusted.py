"""Text of unknown origin: nobody is mentioned, nothing hidden, nothing loaded."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_estate.delivery.untrusted import disarmed, fenced


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("@acme/everyone", "@\u200bacme/everyone"),
        ("(@person)", "(@\u200bperson)"),
        ("ops@example.com", "ops@example.com"),
        ("fixes #12", "fixes #\u200b12"),
        ("acme/estate#12", "acme/estate#\u200b12"),
        ("GH-12", "GH-\u200b12"),
        ("https://github.com/acme/estate/issues/12", "https://github.com/acme/estate/issues/\u200b12"),
        ("&#39;", "&#39;"),
        ("# Heading", "# Heading"),
        ("&#64;acme &#0064;acme &#x40;acme &commat;acme", "@\u200bacme @\u200bacme @\u200bacme @\u200bacme"),
        ("a&#35;12 &#X23;12 &num;12", "a#\u200b12 #\u200b12 #\u200b12"),
        ("&#641; &#8203; &#42; &number;", "&#641; &#8203; &#42; &number;"),
        ("![x](https://example.com/pixel.png)", "!\u200b[x](https://example.com/pixel.png)"),
        ("<img src=x>", "&lt;img src=x>"),
        ("< IMG src=x>", "&lt; IMG src=x>"),
        ('<a href="x">approved</a>', '&lt;a href="x">approved&lt;/a>'),
        ("<details><summary>more</summary></details>", "<details><summary>more</summary></details>"),
        ("a <!-- hidden --> b", "a  b"),
        ("a <!-- never closed", "a "),
        ("a\u202eb\u200bc\x07d", "abcd"),
        ("<!\u200b-- x -->", ""),
        ("<!<!-- x -->-- y -->", ""),
        ("<!<!<!-- x -->-- y -->-- z -->", "&lt;!-- z -->"),
        ("✅ fine, 5 % → 6 %", "✅ fine, 5 % → 6 %"),
        ("a\r\nb\tc", "a\nb\tc"),
    ],
)
def test_what_is_kept(text, kept):
    assert disarmed(text) == kept


@given(st.text(alphabet=st.sampled_from("@a1#!<>-[](/)`\u200b\u202e \n&;imgIMG"), max_size=60))
def test_nothing_armed_is_left_of_any_text(text):
    left = disarmed(text)
    assert "<!--" not in left
    assert not re.search(r"(?<![A-Za-z0-9_.+-])@[A-Za-z0-9]|(?<!&)#\d|!\[|<\s*/?\s*img\b", left, re.I)
    assert "\u202e" not in left


@given(st.text(alphabet=st.sampled_from("`a\n"), max_size=40))
def test_a_block_is_never_ended_by_its_text(text):
    block = fenced(text).split("\n")
    fence = block[0].removesuffix("text")
    assert re.fullmatch("`{3,}", fence)
    assert block[-1] == fence
    assert not any(fence in line for line in block[1:-1])
