"""Text in UTF-16 and others, read and written as UTF-8: an exact two-way street for text that is valid.

Everything between reading and writing then finds quotes, commas and brackets byte by byte. The byte order mark travels
as the first character.
"""

from __future__ import annotations

import codecs
import io
from typing import Any, BinaryIO, cast

from anonymizer.contracts import Input
from anonymizer.errors import SourceError
from anonymizer.stores._encoding import expressible

_READ = 1 << 20
_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def codec_of_mark(head: bytes) -> str:
    """The codec that a byte order mark tells; "" for one of 8-bit text."""
    return _MARKS.get(head[:2], "")


def open_text(source: Input, codec: str | None = None) -> BinaryIO:
    """The source's text: UTF-16 as UTF-8, all else as it is. Its byte order mark tells which, or `codec` does."""
    codec = codec_of_mark(source.head(2)) if codec is None else codec
    stream = source.open()
    return cast(BinaryIO, io.BufferedReader(_AsUtf8(stream, codec), _READ)) if codec else stream


class _AsUtf8(io.RawIOBase):
    def __init__(self, stream: BinaryIO, codec: str) -> None:
        self._stream, self._codec = stream, codec
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            block = self._stream.read(_READ)
            try:
                self._ready = self._decoder.decode(block, not block).encode()
            except UnicodeError:
                kind = self._codec.upper().removesuffix("-LE").removesuffix("-BE")
                raise SourceError(f"the text is not valid {kind}, or truncated; make or copy it again") from None
            if not block:
                break
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


class Encoder:
    """UTF-8 that comes in pieces, cut anywhere, into `codec`; "" leaves it as it is."""

    def __init__(self, codec: str, where: str = "") -> None:
        self._codec, self._where = codec, where
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def encode(self, data: Any) -> Any:
        """The next piece. Raises TargetError for a letter that the codec has not, even without its accent."""
        if not self._codec:
            return data
        text = self._decoder.decode(bytes(data))
        try:
            return text.encode(self._codec)
        except UnicodeEncodeError:
            return expressible(text, self._codec, self._where)
