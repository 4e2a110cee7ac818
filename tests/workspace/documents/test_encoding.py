"""What is not typed on comes back byte for byte, in every encoding and with every line end."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace.documents.encoding import Format, decode, encode, is_binary

CODECS = ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le", "utf-16-be"]


@given(
    st.binary(max_size=40)
    | st.builds(
        lambda text, codec: text.encode(codec, "replace"),
        st.text("a\r\n\ufeffé😀", max_size=20),
        st.sampled_from(CODECS),
    )
)
def test_round_trip(data: bytes) -> None:
    if not is_binary(data):
        text, style = decode(data)
        assert "\r" not in text
        assert encode(text, style)[0] == data


@pytest.mark.parametrize(
    ("data", "label"),
    [
        (b"a\n", "UTF-8, LF"),
        (codecs.BOM_UTF8 + b"a\r\n", "UTF-8 with BOM, CRLF"),
        (b"caf\xe9\n", "Latin-1, LF"),
        ("a\r\n".encode("utf-16"), "UTF-16 LE, CRLF"),
        (b"a\r\nb\n", "UTF-8, mixed line ends"),
    ],
)
def test_the_format_in_words(data: bytes, label: str) -> None:
    assert decode(data)[1].label == label


def test_lines_keep_their_ends_when_others_are_typed() -> None:
    text, style = decode(b"one\r\ntwo\nthree\r\nfour")
    data, after = encode(text.replace("two\n", "two\nnew\n"), style)
    assert data == b"one\r\ntwo\nnew\r\nthree\r\nfour"
    assert encode(text, after)[0] == b"one\r\ntwo\nthree\r\nfour"


def test_a_character_the_encoding_lacks_makes_it_utf8() -> None:
    text, style = decode(b"caf\xe9")
    data, after = encode(text + "→", style)
    assert data == "café→".encode()
    assert after.encoding == "utf-8"


def test_latin1_that_would_read_back_as_utf8_becomes_utf8() -> None:
    text, style = decode(b"\xe9 \xc3\xa9")
    data, _ = encode(text.removeprefix("é "), style)
    assert decode(data)[0] == "Ã©"


def test_binary_is_refused() -> None:
    with pytest.raises(CoterieError) as refused:
        decode(b"PNG\0\1")
    assert refused.value.code is ErrorCode.BINARY


FILES = st.builds(
    lambda text, codec: text.encode(codec, "replace"),
    st.text("a\r\n\ufeffé😀", max_size=12),
    st.sampled_from(CODECS),
)


@given(FILES, st.text("a\n\ufeffÿþï»¿é😀", max_size=8))
@example(b"\r\n\n\r\r", "a")
def test_whatever_is_typed_reads_back(data: bytes, typed: str) -> None:
    if is_binary(data):
        return
    text, style = decode(data)
    for now in (typed + text, text + typed, typed):
        written, _ = encode(now, style)
        assert decode(written)[0] == now


def test_a_text_that_begins_with_a_mark_keeps_it_through_every_save() -> None:
    text, style = decode(b"abc")
    data, style = encode("\ufeff" + text, style)
    assert data == codecs.BOM_UTF8 * 2 + b"abc"
    text, style = decode(data)
    assert text == "\ufeffabc"
    assert encode(text, style)[0] == data


@pytest.mark.parametrize("data", [b"a" * 9000 + b"\0", "a\0b".encode("utf-16")])
def test_a_nul_anywhere_makes_it_binary(data: bytes) -> None:
    """Near the beginning it would make the file binary with the next edit: then it could not be opened again."""
    assert is_binary(data)


@pytest.mark.parametrize("data", [b"", b"a\r\nb", b"\xe9\r", codecs.BOM_UTF8 + b"a\r\nb\n", "a\n".encode("utf-16")])
def test_the_log_holds_how_a_file_is_written(data: bytes) -> None:
    text, style = decode(data)
    assert Format.of(style.encoding, style.bom, style.ending, style.marks, text) == style
    assert Format.of(style.encoding, style.bom, style.ending, style.marks, text + "\n").endings == ()
