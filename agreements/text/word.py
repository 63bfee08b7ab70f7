"""word_document(): the paragraphs of an agreement → a .docx on A4, with its styles, header and page numbers."""

import re
from datetime import UTC, datetime
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

LEVELS = 4
"""So many levels of clauses and paragraphs have a style of their own: Clause1 and Paragraph1 to Clause4 and Paragraph4."""

_UNFIT = re.compile("[^\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STEP = 425
"""How far a level is indented, in twentieths of a point: 7.5 mm, the width of a short number."""
_WIDTH = 9298
"""The width of a line on A4 between the margins, in twentieths of a point."""

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"

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
# What the reader of the document types is tracked too. Layout 15 is that of Word 2013 and all later ones.
_SETTINGS = f"""\
<w:settings {_WORD}><w:trackRevisions/><w:defaultTabStop w:val="{_STEP}"/><w:compat>
<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/>
</w:compat></w:settings>"""
_SECTION = f"""\
<w:sectPr xmlns:r="{_RELATION}"><w:headerReference w:type="default" r:id="rId3"/>
<w:footerReference w:type="default" r:id="rId4"/><w:pgSz w:w="11906" w:h="16838"/>
<w:pgMar w:top="1440" w:right="1304" w:bottom="1304" w:left="1304" w:header="737" w:footer="624" w:gutter="0"/></w:sectPr>"""
_FOOTER = f"""\
<w:ftr {_WORD}><w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr>
<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>
<w:r><w:t xml:space="preserve"> / </w:t></w:r>
<w:fldSimple w:instr=" NUMPAGES "><w:r><w:t>1</w:t></w:r></w:fldSimple></w:p></w:ftr>"""


def word_document(body: str, *, title: str, names: str, author: str, at: datetime, language: str) -> bytes:
    """The same bytes for the same values, always.

    `body` is WordprocessingML with the styles Title, Subtitle, Heading1 to Heading6, Clause1 … and Paragraph1 …;
    `names` stands at the right of the header, beside the title.
    """
    tag = "zh-CN" if language.startswith("zh") else language
    core = f"""\
<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<dc:title>{escaped(f"{title} {names}".strip())}</dc:title><dc:creator>{escaped(author)}</dc:creator>
<cp:lastModifiedBy>{escaped(author)}</cp:lastModifiedBy><dc:language>{escaped(tag)}</dc:language>
<dcterms:created xsi:type="dcterms:W3CDTF">{timestamp(at)}</dcterms:created>
<dcterms:modified xsi:type="dcterms:W3CDTF">{timestamp(at)}</dcterms:modified></cp:coreProperties>"""
    words = run_text("\t".join((title, names)))
    header = f'<w:p><w:pPr><w:pStyle w:val="Header"/></w:pPr><w:r>{words}</w:r></w:p>'
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _PACKAGE_PARTS,
        "docProps/core.xml": core,
        "word/_rels/document.xml.rels": _DOCUMENT_PARTS,
        "word/document.xml": f"<w:document {_WORD}><w:body>{body}{_SECTION}</w:body></w:document>",
        "word/styles.xml": _styles(tag),
        "word/settings.xml": _SETTINGS,
        "word/header.xml": f"<w:hdr {_WORD}>{header}</w:hdr>",
        "word/footer.xml": _FOOTER,
    }
    written = BytesIO()
    with ZipFile(written, "w") as package:
        for name, part in parts.items():
            entry = ZipInfo(name, at.astimezone(UTC).timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            package.writestr(entry, _HEAD + part)
    return written.getvalue()


def escaped(text: str) -> str:
    """For XML, in an element or an attribute; a character that XML cannot hold becomes U+FFFD."""
    return escape(_UNFIT.sub("\ufffd", text), {'"': "&quot;"})


def timestamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def run_text(text: str, *, is_deleted: bool = False) -> str:
    """What a run says."""
    tag = "w:delText" if is_deleted else "w:t"
    return "<w:tab/>".join(f'<{tag} xml:space="preserve">{escaped(part)}</{tag}>' for part in text.split("\t"))


def _styles(language: str) -> str:
    """Chinese in Song and headings in Hei, as such documents have it. The number of a clause hangs out."""
    is_chinese = language == "zh-CN"
    sans = '<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:eastAsia="SimHei" w:cs="Arial"/>'
    grey = '<w:color w:val="595959"/>'
    rule = '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="4" w:color="BFBFBF"/></w:pBdr>'
    right = f'<w:tabs><w:tab w:val="right" w:pos="{_WIDTH}"/></w:tabs>'
    centred = '<w:jc w:val="center"/>'
    justified = '<w:jc w:val="both"/>' if is_chinese else ""
    found = [
        _style("Title", f"{_spacing(0, 160)}{centred}", f"{sans}<w:b/>{_size(36)}"),
        _style("Subtitle", f"{_spacing(0, 120)}{centred}", f"{grey}{_size(19)}"),
        _style("header", f"{rule}{right}{_spacing(0, 0)}", f"{grey}{_size(17)}"),
        _style("footer", f"{_spacing(0, 0)}{centred}", f"{grey}{_size(17)}"),
    ]
    for level, size in enumerate((28, 24, 22, 21, 21, 21), start=1):
        spacing = _spacing(360 if level == 1 else 240, 120)
        layout = f'<w:keepNext/><w:keepLines/>{spacing}<w:outlineLvl w:val="{level - 1}"/>'
        found.append(_style(f"heading {level}", layout, f"{sans}<w:b/>{_size(size)}"))
    for level in range(1, LEVELS + 1):
        left = f'w:left="{level * _STEP}"'
        found.append(_style(f"Clause {level}", f'<w:ind {left} w:hanging="{_STEP}"/>{justified}', is_ours=True))
        found.append(_style(f"Paragraph {level}", f"<w:ind {left}/>{justified}", is_ours=True))
    return f"""\
<w:styles {_WORD}><w:docDefaults><w:rPrDefault><w:rPr>
<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="SimSun" w:cs="Times New Roman"/>{_size(21)}
<w:lang w:val="{"en-US" if is_chinese else escaped(language)}" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault>
<w:pPrDefault><w:pPr><w:spacing w:after="100" w:line="320" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>
{"".join(found)}</w:styles>"""


def _style(name: str, layout: str, look: str = "", *, is_ours: bool = False) -> str:
    key = name.title().replace(" ", "")
    custom = ' w:customStyle="1"' if is_ours else ""
    return f"""\
<w:style w:type="paragraph"{custom} w:styleId="{key}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/><w:qFormat/>
<w:pPr>{layout}</w:pPr><w:rPr>{look}</w:rPr></w:style>
"""


def _spacing(above: int, below: int) -> str:
    return f'<w:spacing w:before="{above}" w:after="{below}"/>'


def _size(half_points: int) -> str:
    return f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'
