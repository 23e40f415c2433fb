"""SPDY/3.1 frames, as kubectl 1.27 to 1.30 send them."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8stui.demo.streams.spdy import DICTIONARY, FIN, Decoder, Encoder, Frame, SpdyError, Type


def test_the_header_dictionary_is_the_protocols_own() -> None:
    # Length and Adler-32 that the protocol's drafts and every implementation agree on.
    assert len(DICTIONARY) == 1423
    assert zlib.adler32(DICTIONARY) == 0xE3C6A7C2


def conversation() -> tuple[bytes, list[Frame]]:
    encoder = Encoder()
    data = (
        encoder.syn_stream(1, {"streamType": "error"}, fin=True)
        + encoder.syn_reply(1)
        + encoder.syn_stream(3, {"streamType": "data", "port": "8080", "requestID": "0"})
        + encoder.data(3, b"hello")
        + encoder.ping(7)
        + encoder.data(3, b"", fin=True)
        + encoder.rst_stream(3, 5)
        + encoder.goaway(3)
    )
    frames = [
        Frame(Type.SYN_STREAM, 1, FIN, headers={"streamtype": "error"}),
        Frame(Type.SYN_REPLY, 1),
        Frame(Type.SYN_STREAM, 3, headers={"streamtype": "data", "port": "8080", "requestid": "0"}),
        Frame(None, 3, data=b"hello"),
        Frame(Type.PING, value=7),
        Frame(None, 3, FIN),
        Frame(Type.RST_STREAM, 3, value=5),
        Frame(Type.GOAWAY, 3),
    ]
    return data, frames


def test_what_is_encoded_is_decoded() -> None:
    data, frames = conversation()
    assert list(Decoder().feed(data)) == frames


@given(st.lists(st.integers(1, 40), min_size=1))
def test_frames_may_be_split_anywhere(sizes: list[int]) -> None:
    data, frames = conversation()
    decoder = Decoder()
    found: list[Frame] = []
    position = 0
    for size in sizes:
        found += decoder.feed(data[position : position + size])
        position += size
    found += decoder.feed(data[position:])
    assert found == frames


def test_fin_ends_a_stream_only_on_frames_that_can() -> None:
    assert Frame(None, 1, FIN).fin
    assert Frame(Type.SYN_STREAM, 1, FIN).fin
    assert not Frame(Type.SETTINGS, 0, FIN).fin


def test_unknown_frames_and_windows_are_passed_over() -> None:
    unknown = struct.pack(">HHI", 0x8003, 77, 2) + b"xx"
    window = struct.pack(">HHIII", 0x8003, Type.WINDOW_UPDATE, 8, 1, 65536)
    assert list(Decoder().feed(unknown + window)) == [Frame(Type.WINDOW_UPDATE, 1, value=65536)]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(struct.pack(">HHII", 0x8002, Type.PING, 4, 1), id="another version"),
        pytest.param(struct.pack(">HHI", 0x8003, Type.RST_STREAM, 4) + b"1234", id="too short"),
        pytest.param(
            struct.pack(">HHIIIH", 0x8003, Type.SYN_STREAM, 13, 1, 0, 0) + b"bad", id="not compressed"
        ),
    ],
)
def test_what_is_not_spdy_is_refused(data: bytes) -> None:
    with pytest.raises(SpdyError):
        list(Decoder().feed(data))


def test_a_small_frame_cannot_fill_the_memory() -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    bomb = deflate.compress(struct.pack(">I", 1) + b"\0" * (64 << 20)) + deflate.flush(zlib.Z_SYNC_FLUSH)
    payload = struct.pack(">IIH", 1, 0, 0) + bomb
    frame = struct.pack(">HHI", 0x8003, Type.SYN_STREAM, len(payload)) + payload
    with pytest.raises(SpdyError, match="too long"):
        list(Decoder().feed(frame))
