"""Makes the fonts of the printed receipt in assent/fonts/: subsets of Debian's Noto CJK; run by hand, with fontTools.

Needs Debian's packages fonts-noto-cjk and unicode-data (its Unihan_OtherMappings.txt.bz2 names the 8105 characters of
《通用规范汉字表》) and the PyPI package fonttools, which nothing else here needs:

    python -m scripts.receipt_fonts
"""

import bz2
import sys
from collections.abc import Iterator
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

NOTO = Path("/usr/share/fonts/opentype/noto")
UNIHAN = Path("/usr/share/unicode/Unihan_OtherMappings.txt.bz2")
FONTS = Path(__file__).resolve().parent.parent / "assent/fonts"
# Number of Noto Sans CJK SC and of Noto Sans Mono CJK SC in Debian's collections.
SANS, MONO = 2, 7

ASCII = range(0x20, 0x7F)
# Latin-1 and Latin Extended-A, spaces and punctuation, number forms, arrows, box drawing, geometric shapes, CJK
# punctuation and kana, enclosed and squared CJK, fullwidth forms: what Noto has of them.
BLOCKS = (
    (0xA0, 0x17F), (0x2000, 0x206F), (0x2100, 0x21FF), (0x2460, 0x24FF), (0x2500, 0x257F), (0x25A0, 0x25FF),
    (0x3000, 0x30FF), (0x3200, 0x33FF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF),
)  # fmt: skip
# Direction marks and invisible joiners could make a line read other than it is.
UNSEEN = {*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xAD, 0x3164, 0xFFA0}


def in_gb2312(code: int) -> bool:
    try:
        chr(code).encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def standard_characters() -> Iterator[int]:
    """The characters of 《通用规范汉字表》 (2013), which Unihan marks with kTGH."""
    with bz2.open(UNIHAN, "rt", encoding="utf-8") as lines:
        for line in lines:
            code, _, field = line.partition("\t")
            if field.startswith("kTGH\t"):
                yield int(code.removeprefix("U+"), 16)


def characters() -> set[int]:
    wanted = {*ASCII, *standard_characters(), *filter(in_gb2312, range(0x80, 0x10000))}
    for first, last in BLOCKS:
        wanted.update(range(first, last + 1))
    return wanted - UNSEEN


def make(source: str, number: int, codes: set[int], target: Path) -> set[int]:
    """Write the subset; returns the characters that the font has of those wanted."""
    font = TTFont(NOTO / source, fontNumber=number, recalcTimestamp=False)
    options = subset.Options(hinting=False, layout_features=["kern"], name_IDs=["*"], notdef_outline=True)
    maker = subset.Subsetter(options)
    maker.populate(unicodes=codes)
    maker.subset(font)
    font.save(target)
    return set(font.getBestCmap())


def ranges(codes: set[int]) -> Iterator[str]:
    """Lines such as 4E00-4E01 or 4E03."""
    first = last = None
    for code in [*sorted(codes), None]:
        if first is not None and code != last + 1:
            yield f"{first:04X}" if first == last else f"{first:04X}-{last:04X}"
            first = None
        first = code if first is None else first
        last = code


def main() -> int:
    FONTS.mkdir(exist_ok=True)
    wanted = characters()
    regular = make("NotoSansCJK-Regular.ttc", SANS, wanted, FONTS / "NotoSansCJKsc-Regular.otf")
    bold = make("NotoSansCJK-Bold.ttc", SANS, wanted, FONTS / "NotoSansCJKsc-Bold.otf")
    make("NotoSansCJK-Regular.ttc", MONO, set(ASCII), FONTS / "NotoSansMonoCJKsc-Regular.otf")
    (FONTS / "characters.txt").write_text("\n".join(ranges(regular & bold)) + "\n", encoding="ascii")
    for path in sorted(FONTS.iterdir()):
        print(f"{path.stat().st_size:>9,} {path.name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
