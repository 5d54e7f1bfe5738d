"""PNG files with other chunks than an encoder writes."""

import struct
import zlib

_SIGNATURE_BYTES, _BEHIND_HEADER = 8, 33

Chunk = tuple[bytes, bytes]
"""Name and content."""


def with_chunks(data: bytes, *chunks: Chunk) -> bytes:
    """The file with `chunks` right behind its header."""
    added = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return data[:_BEHIND_HEADER] + added + data[_BEHIND_HEADER:]


def without_chunk(data: bytes, name: bytes) -> bytes:
    """The file without its chunks of one name."""
    kept, at = data[:_SIGNATURE_BYTES], _SIGNATURE_BYTES
    while at + 8 <= len(data):
        end = at + 12 + int(struct.unpack_from(">I", data, at)[0])
        kept += b"" if data[at + 4 : at + 8] == name else data[at:end]
        at = end
    return kept


def with_right_checksums(data: bytes) -> bytes:
    """The file with the checksums of its chunks as they should be."""
    right, at = bytearray(data), _SIGNATURE_BYTES
    while at + 12 <= len(data):
        end = at + 8 + int(struct.unpack_from(">I", data, at)[0])
        if end + 4 > len(data):
            break
        right[end : end + 4] = struct.pack(">I", zlib.crc32(data[at + 4 : end]))
        at = end + 4
    return bytes(right)


def gamma(value: float) -> Chunk:
    """A gAMA chunk of the exponent that encodes, such as 0.45455."""
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def chromaticities(*values: float) -> Chunk:
    """A cHRM chunk of x and y of white, red, green and blue."""
    return b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values))


def cicp(primaries: int, transfer: int, matrix: int = 0, full: int = 1) -> Chunk:
    """A cICP chunk of code points of ITU-T H.273."""
    return b"cICP", bytes([primaries, transfer, matrix, full])


def profile(icc: bytes) -> Chunk:
    """An iCCP chunk."""
    return b"iCCP", b"profile\0\0" + zlib.compress(icc)
