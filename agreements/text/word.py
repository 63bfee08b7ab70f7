"""word_document(): the paragraphs of a text → a .docx on A4, with its styles, header and page numbers.

python-docx is not used: it writes no tracked changes, and of the package that it makes little would be left, since its
template brings other fonts, other styles and an older Word's layout.
"""

import re
from datetime import UTC, datetime
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from agreements.text.interleaving import DEEPEST

_UNFIT = re.compile("[^\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_STEP = 425
"""An indent, in twentieths of a point: 7.5 mm, the width of a short number."""

_CONTENT_TYPES = f"""\
<Types xmlns="{_PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>
<Override PartName="/word/document.xml" ContentType="{_TYPE}.document.main+xml"/>
<Override PartName="/word/styles.xml" ContentType="{_TYPE}.styles+xml"/>
<Override PartName="/word/settings.xml" ContentType="{_TYPE}.settings+xml"/>
<Override PartName="/word/header.xml" ContentType="{_TYPE}.header+xml"/>
<Override PartName="/word/footer.xml" ContentType="{_TYPE}.footer+xml"/>
</Types>"""
_PACKAGE_PARTS = f"""\
<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="rId1" Type="{_RELATION}/officeDocument" Target="word/document.xml"/>
<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>
</Relationships>"""
_DOCUMENT_PARTS = f"""\
<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="rId1" Type="{_RELATION}/styles" Target="styles.xml"/>
<Relationship Id="rId2" Type="{_RELATION}/settings" Target="settings.xml"/>
<Relationship Id="rId3" Type="{_RELATION}/header" Target="header.xml"/>
<Relationship Id="rId4" Type="{_RELATION}/footer" Target="footer.xml"/>
</Relationships>"""
# What a reader of the document types is tracked as well. 15 is the layout of Word 2013 and later.
_SETTINGS = f"""\
<w:settings {_WORD}><w:trackRevisions/><w:defaultTabStop w:val="{_STEP}"/><w:compat>
<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/>
</w:compat></w:settings>"""
_SECTION = f"""\
<w:sectPr xmlns:r="{_RELATION}"><w:headerReference w:type="default" r:id="rId3"/>
<w:footerReference w:type="default" r:id="rId4"/><w:pgSz w:w="11906" w:h="16838"/>
<w:pgMar w:top="1440" w:right="1304" w:bottom="1304" w:left="1304" w:header="737" w:footer="624" w:gutter="0"/></w:sectPr>"""


def word_document(body: str, *, title: str, header: str, author: str, at: datetime, language: str) -> bytes:
    """The same bytes for the same values, always. `body` is WordprocessingML; `language` is that of the text."""
    core = f"""\
<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<dc:title>{escaped(title)}</dc:title><dc:creator>{escaped(author)}</dc:creator>
<cp:lastModifiedBy>{escaped(author)}</cp:lastModifiedBy>
<dcterms:created xsi:type="dcterms:W3CDTF">{timestamp(at)}</dcterms:created>
<dcterms:modified xsi:type="dcterms:W3CDTF">{timestamp(at)}</dcterms:modified>
<dc:language>{escaped(language)}</dc:language></cp:coreProperties>"""
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _PACKAGE_PARTS,
        "docProps/core.xml": core,
        "word/_rels/document.xml.rels": _DOCUMENT_PARTS,
        "word/document.xml": f"<w:document {_WORD}><w:body>{body}{_SECTION}</w:body></w:document>",
        "word/styles.xml": _styles(language),
        "word/settings.xml": _SETTINGS,
        "word/header.xml": f"<w:hdr {_WORD}>{_line('Header', run_text(header))}</w:hdr>",
        "word/footer.xml": f"<w:ftr {_WORD}>{_line('Footer', _field('PAGE'), run_text(' / '), _field('NUMPAGES'))}</w:ftr>",
    }
    written = BytesIO()
    with ZipFile(written, "w") as package:
        for name, part in parts.items():
            entry = ZipInfo(name, at.astimezone(UTC).timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            package.writestr(entry, _HEAD + part)
    return written.getvalue()


def escaped(words: str) -> str:
    """For XML, in an element or an attribute; what XML cannot hold becomes U+FFFD."""
    return escape(_UNFIT.sub("\ufffd", words), {'"': "&quot;"})


def timestamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def run_text(words: str, *, is_deleted: bool = False) -> str:
    """The words of a run."""
    tag = "w:delText" if is_deleted else "w:t"
    return "<w:tab/>".join(f'<{tag} xml:space="preserve">{escaped(part)}</{tag}>' for part in words.split("\t"))


def _line(style: str, *runs: str) -> str:
    written = "".join(run if run.startswith("<w:fld") else f"<w:r>{run}</w:r>" for run in runs)
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{written}</w:p>'


def _field(name: str) -> str:
    return f'<w:fldSimple w:instr=" {name} "><w:r><w:t>1</w:t></w:r></w:fldSimple>'


def _styles(language: str) -> str:
    """Title, Subtitle, Heading1 to 6, Clause1 to 4 (a number hangs out) and Paragraph1 to 4 (its words stand below those)."""
    is_chinese = language.startswith("zh")
    latin = "en-US" if is_chinese else language
    justified = '<w:jc w:val="both"/>' if is_chinese else ""
    sans = '<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:eastAsia="SimHei" w:cs="Arial"/>'
    grey = '<w:color w:val="595959"/>'
    found = [
        _style("Title", f'{_spacing(0, 160)}<w:jc w:val="center"/>', f"{sans}<w:b/>{_size(36)}"),
        _style("Subtitle", f'{_spacing(0, 160)}<w:jc w:val="center"/>', f"{grey}{_size(19)}"),
        _style("header", f'{_RULE}{_spacing(0, 0)}<w:jc w:val="right"/>', f"{grey}{_size(17)}"),
        _style("footer", f'{_spacing(0, 0)}<w:jc w:val="center"/>', f"{grey}{_size(17)}"),
    ]
    for level, size in enumerate((28, 24, 22, 21, 21, 21), start=1):
        above = 360 if level == 1 else 240
        layout = f'<w:keepNext/><w:keepLines/>{_spacing(above, 120)}<w:outlineLvl w:val="{level - 1}"/>'
        found.append(_style(f"heading {level}", layout, f"{sans}<w:b/>{_size(size)}"))
    for depth in range(1, DEEPEST + 1):
        left = f'w:left="{depth * _STEP}"'
        found.append(_style(f"Clause {depth}", f'<w:ind {left} w:hanging="{_STEP}"/>{justified}'))
        found.append(_style(f"Paragraph {depth}", f"<w:ind {left}/>{justified}"))
    return f"""\
<w:styles {_WORD}><w:docDefaults><w:rPrDefault><w:rPr>
<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="SimSun" w:cs="Times New Roman"/>{_size(21)}
<w:lang w:val="{escaped(latin)}" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault>
<w:pPrDefault><w:pPr><w:spacing w:after="100" w:line="320" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>
{"".join(found)}</w:styles>"""


_RULE = '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="4" w:color="BFBFBF"/></w:pBdr>'


def _style(name: str, layout: str, look: str = "") -> str:
    key = name.title().replace(" ", "")
    return f"""\
<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/><w:qFormat/>
<w:pPr>{layout}</w:pPr><w:rPr>{look}</w:rPr></w:style>
"""


def _spacing(above: int, below: int) -> str:
    return f'<w:spacing w:before="{above}" w:after="{below}"/>'


def _size(half_points: int) -> str:
    return f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'
