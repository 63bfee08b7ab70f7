"""Reads the text of a PDF as Typst writes it: each run of glyphs with its place, face and characters; for tests only."""

import re
import zlib
from collections import defaultdict
from dataclasses import dataclass

OBJECT = re.compile(rb"(?<=\n)(\d+) 0 obj\s(.*?)\nendobj", re.DOTALL)
RUN = re.compile(
    rb"([-\d.]+) ([-\d.]+) cm/c\d cs [^\n]*\nBT \d Tr/(f\d+) ([\d.]+) Tf 1 0 0 -1 0 0 Tm(.*?)T[jJ]\nET", re.DOTALL
)
ESCAPES = {ord("n"): b"\n", ord("r"): b"\r", ord("t"): b"\t", ord("b"): b"\b", ord("f"): b"\f"}
OCTAL = re.compile(rb"[0-7]{1,3}")


@dataclass(frozen=True)
class Run:
    """Some glyphs in one face; `x` and `y` in points from the lower left corner of the page."""

    page: int
    x: float
    y: float
    face: str
    size: float
    text: str


def _objects(data: bytes) -> dict[int, tuple[bytes, bytes]]:
    """The dictionary and the unpacked stream (b'' without one) of every object."""
    found = {}
    for number, content in OBJECT.findall(data):
        head, _, rest = content.partition(b"stream\n")
        stream = rest.rpartition(b"\nendstream")[0]
        found[int(number)] = (head, zlib.decompress(stream) if b"FlateDecode" in head else stream)
    return found


def _reference(head: bytes, name: bytes) -> int:
    return int(re.search(name + rb" (\d+) 0 R", head)[1])


def _characters(cmap: bytes) -> dict[bytes, str]:
    pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>", cmap)
    return {bytes.fromhex(code.decode()): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in pairs}


def _codes(operand: bytes) -> bytes:
    """The bytes of the strings of an operand, which are literal or hexadecimal (ISO 32000-1, 7.3.4)."""
    found, at, depth = bytearray(), 0, 0
    while at < len(operand):
        byte = operand[at]
        at += 1
        if depth and byte == ord("\\"):
            if octal := OCTAL.match(operand, at):
                found.append(int(octal[0], 8))
                at = octal.end()
            else:
                found += ESCAPES.get(operand[at], operand[at : at + 1])
                at += 1
        elif byte == ord("(") or (depth and byte == ord(")")):
            depth += 1 if byte == ord("(") else -1
            if (byte, depth) not in ((ord("("), 1), (ord(")"), 0)):  # Balanced brackets need no escape.
                found.append(byte)
        elif depth:
            found.append(byte)
        elif byte == ord("<"):
            end = operand.index(b">", at)
            found += bytes.fromhex(operand[at:end].decode())
            at = end
    return bytes(found)


def runs(data: bytes) -> list[Run]:
    """Every run of every page, in the order in which they are drawn. KeyError for a glyph without a character."""
    objects = _objects(data)
    pages = [head for head, _ in objects.values() if re.match(rb"<</Type/Page/", head)]
    found = []
    for number, page in enumerate(pages, start=1):
        resources = objects[_reference(page, rb"/Resources")][0]
        fonts = dict(re.findall(rb"/(f\d+) (\d+) 0 R", resources))
        faces, maps = {}, {}
        for name, reference in fonts.items():
            head = objects[int(reference)][0]
            faces[name] = re.search(rb"/BaseFont/\w+\+([\w-]+?)-Identity", head)[1].decode()
            maps[name] = _characters(objects[_reference(head, rb"/ToUnicode")][1])
        for x, y, name, size, operand in RUN.findall(objects[_reference(page, rb"/Contents")][1]):
            codes = _codes(operand)
            text = "".join(maps[name][codes[at : at + 2]] for at in range(0, len(codes), 2))
            found.append(Run(number, float(x), float(y), faces[name], float(size), text))
    return found


def lines(data: bytes) -> list[str]:
    """The lines of all pages from top to bottom; what stands on one base line is one line."""
    by_place: dict[tuple[int, float], list[Run]] = defaultdict(list)
    for run in runs(data):
        by_place[run.page, -round(run.y, 1)].append(run)
    return ["".join(run.text for run in sorted(by_place[key], key=lambda run: run.x)) for key in sorted(by_place)]


def attachments(data: bytes) -> dict[str, bytes]:
    """The attached files."""
    objects = _objects(data)
    found = {}
    for head, _ in objects.values():
        if name := re.match(rb"<</Type/Filespec/F\(([^)]*)\)", head):
            found[name[1].decode()] = objects[_reference(head, rb"<</F")][1]
    return found
