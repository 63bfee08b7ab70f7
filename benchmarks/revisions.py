"""revise(): an agreement in the seed's Markdown → a revision of it whose true alignment is known.

The rates of every level, the shape of the edits and the form of the Markdown follow the revisions in
`../shared/corpus/mutated`, as counted there; the phrases that are inserted are our own.
"""

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Indel, Postfix, Prefix

Letter = tuple[str, int]
"""A character and its place in the old text, -1 where it is new."""
Row = dict[str, Any]

END = "，。；"
OLD_WIDTH, NEW_WIDTH, WRAPPED = 90, 60, 0.55
REFERENCES = 5
"""How many clauses of a fresh base refer to another one."""


@dataclass(frozen=True)
class Level:
    """How likely each change is. `delete`, `move` and `insert` are rates of items; clauses follow by a fixed factor."""

    edit: float
    operations: Sequence[int]
    delete: float
    move: float
    insert: float
    clone: float
    holders: float
    """How likely a clause with items of its own is deleted or moved, times the rate of one without."""
    cosmetic: float
    restyle: float
    blocks: Sequence[tuple[float, float]] = ()
    """Sections that move as a whole: from where to where in their chapter, as shares of its length."""


LEVELS = {
    "light": Level(0.065, [1], 0.031, 0.004, 0.021, 0.0, 0.0, 0.028, 0.0),
    "medium": Level(0.155, [1, 2], 0.05, 0.0375, 0.05, 0.1, 0.0, 0.07, 0.0),
    "heavy": Level(0.4, [1, 1, 2, 2, 3, 3, 4], 0.092, 0.125, 0.103, 0.2, 0.35, 0.115, 0.15, [(0.7, 0)]),
    "extreme": Level(0.64, [2, 3, 4, 5, 6], 0.175, 0.165, 0.19, 0.27, 1.0, 0.13, 0.15, [(0.7, 0), (0.3, 1)]),
}
CLAUSE_FACTOR, CLAUSE_INSERT_FACTOR, TITLE_EDIT = 0.55, 1.4, 0.04
SAME_LIST = 0.4
"""How often a moved unit stays in the list that it came from."""
NEAREST = 3
"""How many places a unit moves at least within its list; less could be told as a move of its neighbours."""
LEAST_ALIKE, MOST_ALIKE = 0.4, 0.83
"""An edited unit or a clone is at least as similar to its source, and a clone at most (Indel)."""
STYLES = ("（{}）", "({}) ", "{}、")

WORDS = {
    "应": "必须",
    "腾讯": "本公司",
    "服务": "业务",
    "用户": "最终用户",
    "应用": "产品",
    "行为": "举动",
    "任何": "一切",
    "提供": "交付",
    "相关": "有关",
    "使用": "运用",
    "协议": "契约",
    "开放平台": "开发者平台",
    "终止": "结束",
    "措施": "处理办法",
    "合法": "正当",
    "信息": "资料",
    "责任": "法律责任",
    "有权": "可以",
    "同意": "确认并同意",
    "保证": "承诺",
    "费用": "款项",
    "要求": "请求",
    "权利": "权益",
    "包括但不限于": "包括",
    "通知": "书面告知",
    "不得": "禁止",
    "违约金": "赔偿金",
    "部分": "局部",
    "规则": "规范",
    "书面": "电子或书面",
    "损失": "直接损失",
    "QQ号码": "微信号",
    "否则": "如违反前述内容",
    "单方": "自行",
    "随时": "在合理期限内",
    "必要": "必需",
    "收益": "收入",
    "第三方": "任意第三人",
    "立即": "及时",
}
NUMBERS = (2, 3, 6, 7, 10, 12, 15, 24, 30, 60, 90, 100)
TAILS = (
    "上述安排自双方确认的次日起执行",
    "该项要求在合作结束之后仍有效力",
    "双方签有补充文件的以补充文件为准",
    "协商过程中各方照常履行其余义务",
    "具体数值以服务手册届时列明的为准",
    "超过时限未答复的视为没有异议",
    "但主管机关另有强制性要求的除外",
    "与第三人有关的应取得该第三人的书面授权",
    "遇有系统维护的事项顺延至维护结束之后",
    "必要时可聘请独立的专业人员出具意见",
    "未经对方事先书面确认不得转交他人处理",
    "由此发生的杂费由提出方自行承担",
    "并以醒目字样在首页告知全体成员",
    "并留存相关往来邮件不短于{n}个月",
    "前述凭证的副本应当妥善保管{n}年",
    "并应配合每季度不多于{n}次的现场查看",
    "平台可按影响大小另给{n}个工作日的缓冲期",
    "并在{n}日内递交书面说明",
)
SUBJECTS = (
    "您和您的雇员",
    "代为保管专用设备的一方",
    "以团队名义登记者",
    "您",
    "参加测试计划的您",
    "接入地图导航服务的您",
    "出售数字商品的您",
    "租用专用线路的您",
)
DUTIES = (
    "应每{n}个月进行一次{t}核对",
    "应指派专人办理{t}事项并告知平台",
    "应在启用前完成{t}登记",
    "应在首页列出{t}负责人",
    "应向平台提供{t}样本以备抽查",
    "应对{t}记录采取分级保管办法",
    "应在出现{t}故障后{n}小时内告知",
    "不得以{t}为借口推迟答复成员的询问",
    "应为{t}准备不少于{n}万元的备用金",
    "不得将{t}结论用于差别收费",
)
TOPICS = (
    "版权登记",
    "界面翻译",
    "电子发票",
    "无障碍阅读",
    "备份与恢复",
    "测试用账号",
    "线下赛事组织",
    "站内消息推送",
    "教育优惠的核验",
    "节假日值守安排",
    "数字藏品交易核查",
    "门店位置与营业时间标注",
)
SEQUELS = (
    "平台由此得出的意见作为{s}依据",
    "本项要求同样适用于{s}",
    "由此产生的分歧与{s}无关",
    "所需开支从{s}中支付",
    "并协助有关机关对{s}的查看",
    "未按上文办理的，平台可停用其{s}功能直至补正完成",
)
SCENES = ("首页展位", "成员管理", "第三方帐号登录", "对账周期", "文档下载", "季度评分", "灰度发布", "押金")

_REFERENCE = re.compile(r"第(\d+(?:\.\d+)+)条")
_ADDED_REFERENCE = "依照第{}条的约定，"
_CHAPTER = re.compile(r"#+\s+(?:(\d+)\\?\.\s*)?(.+)")
_NUMBERED = re.compile(r"(\d+(?:\.\d+)+|（\d+）)")
_HALF = str.maketrans("，；：（）", ",;:()")
_EDGE = re.compile(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u4e00-\u9fff])")


@dataclass(eq=False)
class Unit:
    """A unit of the text while it is being changed. `bold` is one of "", "number" and "all"."""

    role: str
    """One of chapter, section, clause, item, paragraph."""
    text: str
    bold: str = ""
    old_no: str | None = None
    children: list["Unit"] = field(default_factory=list)
    new_no: str = ""
    letters: list[Letter] = field(default_factory=list)
    style: str = STYLES[0]
    """How the items of this unit are numbered."""
    is_moved: bool = False
    is_block: bool = False
    is_clone: bool = False
    cosmetic: str = ""
    xref: int = 0

    def walk(self) -> Iterator["Unit"]:
        yield self
        for child in self.children:
            yield from child.walk()

    def listed(self, role: str) -> list["Unit"]:
        return [child for child in self.children if child.role == role]

    @property
    def words(self) -> str:
        return "".join(letter for letter, _ in self.letters)


def read(markdown: str) -> Unit:
    """The tree of an agreement in the form of the corpus; its root is no unit."""
    root = Unit("root", "")
    chapter = section = clause = root
    blocks = [block.replace("\n", "").strip() for block in re.split(r" {2}\n|\n(?=#)|(?<=\w)\n\n", markdown)]
    numbers = {found[1] for block in blocks if (found := re.match(rf"(?:\*\*)?{_NUMBERED.pattern}", block))}
    for block in filter(None, blocks):
        if found := _CHAPTER.fullmatch(block):
            chapter = section = clause = Unit("chapter", found[2])
            root.children.append(chapter)
            continue
        bold, number, text = _lead(block)
        if not number:
            clause.children.append(Unit("paragraph", text, bold))
        elif number[0] == "（":
            clause.children.append(Unit("item", text, bold))
        elif any(other.startswith(f"{number}.") for other in numbers):
            section = clause = Unit("section", text, bold)
            chapter.children.append(section)
        else:
            holder = section if number.count(".") > 1 else chapter
            clause = Unit("clause", text, bold)
            holder.children.append(clause)
    number_units(root)
    for unit in root.walk():
        unit.old_no = unit.new_no or None
        unit.letters = [(letter, place) for place, letter in enumerate(unit.text)]
    return root


def _lead(block: str) -> tuple[str, str, str]:
    """How much of a block is bold, its number and its words."""
    bold = ""
    if block.startswith("**") and block.endswith("**") and block.count("**") == 2:
        bold, block = "all", block[2:-2]
    elif found := re.match(rf"\*\*{_NUMBERED.pattern}\s*\*\*\s*", block):
        bold, block = "number", found[1] + " " + block[found.end() :]
    found = _NUMBERED.match(block)
    return bold, found[1] if found else "", block[found.end() :].strip() if found else block


def number_units(unit: Unit) -> None:
    """Give every unit below its number by its place; the chapter before the first numbered one is 0."""
    counts = dict.fromkeys(("chapter", "section", "clause", "item", "paragraph"), 0)
    counts["chapter"] = -1
    for child in unit.children:
        key = "clause" if child.role == "section" else child.role
        counts[key] += 1
        place = counts[key]
        child.new_no = {
            "chapter": f"{place}",
            "clause": f"{unit.new_no}.{place}",
            "item": f"{unit.new_no}（{place}）",
            "paragraph": f"{unit.new_no}¶{place}",
        }[key]
        number_units(child)


def write(root: Unit, width: int, rng: random.Random) -> str:
    """The Markdown of a tree, with some of the long lines wrapped after a comma."""
    out: list[str] = []
    for chapter in root.children:
        number = "" if chapter.new_no == "0" else f"{chapter.new_no}\\. "
        out.append(f"\n{'#' * (3 if number else 2)}  {number}{chapter.words}\n\n")
        _write_below(chapter, width, rng, out)
    return "".join(out).removesuffix("\n")


def _write_below(holder: Unit, width: int, rng: random.Random, out: list[str]) -> None:
    for unit in holder.children:
        number = {
            "item": holder.style.format(re.sub(r".*（|）", "", unit.new_no)),
            "paragraph": "",
        }.get(unit.role, f"{unit.new_no} ")
        words = unit.words
        if unit.cosmetic == "halfpunct":
            words = words.translate(_HALF)
        elif unit.cosmetic == "space":
            words = _EDGE.sub(" ", words)
        line = f"{number}{words}"
        if unit.bold == "all":
            line = f"**{line}**"
        elif unit.bold == "number" and number:
            line = f"**{number.strip()}** {words}"
        lines = wrap(line, width)
        if len(lines) > 1 and rng.random() >= WRAPPED:
            lines = [line]
        out.append("\n".join(lines) + ("  \n" if unit.role == "item" else "  \n  \n\n"))
        _write_below(unit, width, rng, out)


def wrap(line: str, width: int) -> list[str]:
    """A line broken after commas, as late as the width allows."""
    lines = [""]
    for piece in re.findall(r"[^，、；]*[，、；]|[^，、；]+$", line):
        if lines[-1] and len(lines[-1]) + len(piece) > width:
            lines.append("")
        lines[-1] += piece
    # A mark that ends the bold never stands alone.
    if len(lines) > 1 and lines[-1] == "**":
        lines[-2:] = [lines[-2] + lines[-1]]
    return lines


def refreshed(markdown: str, seed: int) -> str:
    """The same agreement with its added references drawn anew, and wrapped anew."""
    rng = random.Random(f"base {seed}")
    root = read(markdown)
    clauses = [unit for unit in root.walk() if unit.role == "clause"]
    added = re.compile(_ADDED_REFERENCE.format(r"[\d.]+"))
    for unit in clauses:
        unit.text = added.sub("", unit.text)
    for unit in rng.sample([unit for unit in clauses if "，" in unit.text], REFERENCES):
        place = unit.text.index("，") + 1
        target = rng.choice([other for other in clauses if other is not unit])
        unit.text = unit.text[:place] + _ADDED_REFERENCE.format(target.new_no) + unit.text[place:]
    for unit in clauses:
        unit.letters = [(letter, place) for place, letter in enumerate(unit.text)]
    return write(root, OLD_WIDTH, rng)


def revise(old_markdown: str, level: str, seed: int) -> tuple[str, list[Row]]:
    """A revision of an agreement, and a row of truth for every unit: the old ones in order, then the inserted ones."""
    rng = random.Random(f"{level} {seed}")
    rates = LEVELS[level]
    root = read(old_markdown)
    old_units = list(root.walk())[1:]
    _move_blocks(root, rates)
    _delete(root, rates, rng)
    _move(root, rates, rng)
    _insert(root, rates, rng)
    for unit in root.walk():
        if unit.old_no:
            _edit(unit, rates, rng)
    _decorate(root, rates, rng)
    number_units(root)
    _follow_references(root)
    return write(root, NEW_WIDTH, rng), _truth(old_units, root)


def _move_blocks(root: Unit, rates: Level) -> None:
    for chapter in root.children:
        sections = chapter.listed("section")
        if len(sections) < 3:
            continue
        for source, target in rates.blocks:
            block = sections[int(source * len(sections))]
            block.is_block = True
            chapter.children.remove(block)
            chapter.children.insert(int(target * len(chapter.children)), block)
        return


def _lists(root: Unit) -> list[tuple[Unit, str]]:
    """Every unit that holds clauses or items, with the role that it holds."""
    return [(unit, role) for unit in root.walk() for role in ("clause", "item") if unit.listed(role)]


def _rate(unit: Unit, rates: Level) -> float:
    """How likely a unit is chosen for deletion or a move, relative to an item."""
    if unit.role == "item":
        return 1.0
    return CLAUSE_FACTOR * (rates.holders if unit.children else 1.0)


def _delete(root: Unit, rates: Level, rng: random.Random) -> None:
    for holder, role in _lists(root):
        gone = [unit for unit in holder.listed(role) if rng.random() < rates.delete * _rate(unit, rates)]
        holder.children = [unit for unit in holder.children if unit not in gone]


def _move(root: Unit, rates: Level, rng: random.Random) -> None:
    lists = _lists(root)
    holders = {unit: holder for holder, role in lists for unit in holder.listed(role)}
    for unit in [unit for unit in holders if rng.random() < rates.move * _rate(unit, rates)]:
        home = holders[unit]
        before = home.children.index(unit)
        others = [holder for holder, role in lists if role == unit.role and holder is not home]
        places = [place for place in range(len(home.children)) if abs(place - before) >= NEAREST]
        target = home
        if others and (not places or rng.random() >= SAME_LIST / (3 if unit.children else 1)):
            target = rng.choice(others)
            places = list(range(len(target.children) + 1))
        if not places:
            continue
        home.children.remove(unit)
        target.children.insert(rng.choice(places), unit)
        unit.is_moved = True


def _insert(root: Unit, rates: Level, rng: random.Random) -> None:
    lists = _lists(root)
    weights = [len(holder.listed(role)) * (CLAUSE_INSERT_FACTOR if role == "clause" else 1) for holder, role in lists]
    number = sum(rng.random() < rates.insert for _ in range(round(sum(weights))))
    for holder, role in rng.choices(lists, weights, k=number) if number else []:
        unit = Unit(role, "", rng.choice(("", "number", "all")))
        originals = [other.text for other in holder.listed(role) if other.old_no]
        if originals and rng.random() < rates.clone:
            unit.is_clone = True
            words = _clone(rng.choice(originals), rng)
        else:
            words = _clause(rng) if role == "clause" else _item(rng)
        unit.letters = [(letter, -1) for letter in words]
        holder.children.insert(rng.randint(0, len(holder.children)), unit)


def _clone(source: str, rng: random.Random) -> str:
    """A text like that of a unit in the same list: what makes alignment hard."""
    letters: list[Letter] = []
    for _ in range(100):
        letters = changed(source, rng.randint(3, 5) + len(source) // 15, rng)
        if LEAST_ALIKE <= _likeness(source, letters) <= MOST_ALIKE:
            break
    return "".join(letter for letter, _ in letters)


def _phrase(phrases: Sequence[str], rng: random.Random) -> str:
    return rng.choice(phrases).format(n=rng.choice(NUMBERS), t=rng.choice(TOPICS), s=rng.choice(SCENES))


def _item(rng: random.Random) -> str:
    tail = f"，{_phrase(TAILS, rng)}" if rng.random() < 0.5 else ""
    return f"{rng.choice(SUBJECTS)}{_phrase(DUTIES, rng)}{tail}；"


def _clause(rng: random.Random) -> str:
    tail = f"，{_phrase(TAILS, rng)}" if rng.random() < 0.5 else ""
    return f"{rng.choice(SUBJECTS)}{_phrase(DUTIES, rng)}，{_phrase(TAILS, rng)}。{_phrase(SEQUELS, rng)}{tail}。"


def _edit(unit: Unit, rates: Level, rng: random.Random) -> None:
    """Change the words of a unit, as often as its length allows; of a title, one word."""
    if unit.role in ("chapter", "section"):
        if rng.random() < TITLE_EDIT:
            unit.letters = _reword(unit.letters, rng) or unit.letters
    elif rng.random() < rates.edit:
        operations = min(rng.choice(rates.operations), 1 + len(unit.text) // 25)
        letters = changed(unit.text, operations, rng)
        if _likeness(unit.text, letters) >= LEAST_ALIKE:
            unit.letters = letters


def _likeness(text: str, letters: list[Letter]) -> float:
    return Indel.normalized_similarity(text, "".join(letter for letter, _ in letters))


def changed(text: str, operations: int, rng: random.Random) -> list[Letter]:
    """The text after some changes: a word for another, a phrase added after a stop, a part between stops dropped."""
    letters = [(letter, place) for place, letter in enumerate(text)]
    for kind in rng.choices(("word", "tail", "drop"), (58, 30, 12), k=operations):
        result = None
        if kind == "word":
            result = _reword(letters, rng)
        elif kind == "drop":
            result = _drop(letters, rng)
        letters = result or _add_tail(letters, rng)
    return letters


def _reword(letters: list[Letter], rng: random.Random) -> list[Letter] | None:
    """One of all the words that have another is replaced by it; a word within a word counts as well."""
    text = "".join(letter for letter, _ in letters)
    places = [(found.start(), word) for word in WORDS for found in re.finditer(word, text)]
    if not places:
        return None
    start, word = rng.choice(places)
    return [*letters[:start], *((letter, -1) for letter in WORDS[word]), *letters[start + len(word) :]]


def _stops(letters: list[Letter]) -> list[int]:
    """The places after a stop."""
    return [place for place, (letter, _) in enumerate(letters, 1) if letter in END]


def _drop(letters: list[Letter], rng: random.Random) -> list[Letter] | None:
    """All but the first part of a text with three parts or more may go."""
    stops = _stops(letters)
    if len(stops) < 3:
        return None
    part = rng.randrange(len(stops) - 1)
    return letters[: stops[part]] + letters[stops[part + 1] :]


def _add_tail(letters: list[Letter], rng: random.Random) -> list[Letter]:
    phrase = _phrase(TAILS, rng)
    if stops := _stops(letters):
        place = rng.choice(stops)
        phrase += "。" if letters[place - 1][0] == "。" else "，"
    else:
        place = max(len(letters) - 1, 0)
        phrase = f"，{phrase}"
    return [*letters[:place], *((letter, -1) for letter in phrase), *letters[place:]]


def _decorate(root: Unit, rates: Level, rng: random.Random) -> None:
    """What changes the look alone: bold, spaces around Latin, half-width stops, another form of the items' numbers."""
    for unit in root.walk():
        if unit.listed("item") and rng.random() < rates.restyle:
            unit.style = rng.choice((STYLES[1], STYLES[1], STYLES[1], STYLES[2]))
        if unit.role in ("clause", "item", "paragraph") and unit.old_no and rng.random() < rates.cosmetic:
            unit.cosmetic = rng.choice(("bold", "space", "halfpunct"))
            if unit.cosmetic == "bold":
                plain = "number" if unit.role == "clause" else ""
                unit.bold = plain if unit.bold == "all" else "all"


def _follow_references(root: Unit) -> None:
    """References of what was kept follow the clause to its new number; those to a deleted clause stay."""
    numbers = {unit.old_no: unit.new_no for unit in root.walk() if unit.old_no}
    for unit in root.walk():
        if not unit.old_no:
            continue
        for found in reversed(list(_REFERENCE.finditer(unit.words))):
            old, new = found[1], numbers.get(found[1], found[1])
            if old == new or any(place < 0 for _, place in unit.letters[found.start() : found.end()]):
                continue
            head = Prefix.similarity(old, new)
            tail = min(Postfix.similarity(old, new), len(old) - head, len(new) - head)
            start, middle = found.start(1), new[head : len(new) - tail]
            unit.letters[start + head : start + len(old) - tail] = [(letter, -1) for letter in middle]
            unit.xref += 1


def _truth(old_units: Sequence[Unit], root: Unit) -> list[Row]:
    carried: dict[Unit, str] = {}
    for unit in root.walk():
        for child in unit.children:
            flag = "inherited" if unit.is_moved else "block" if unit.is_block else carried.get(unit, "")
            carried[child] = "block" if child.is_block else flag
    kept = {unit for unit in root.walk() if unit.old_no}
    rows = [
        _kept_row(unit, carried[unit]) if unit in kept else _row("deleted", unit.old_no, None) for unit in old_units
    ]
    rows += [
        _row("inserted", None, unit.new_no, ["clone"] if unit.is_clone else [])
        for unit in root.walk()
        if unit.new_no and not unit.old_no
    ]
    return rows


def _row(kind: str, old_no: str | None, new_no: str | None, flags: Sequence[str] = ()) -> Row:
    return {"kind": kind, "old_no": old_no, "new_no": new_no, "flags": list(flags)}


def _kept_row(unit: Unit, carried: str) -> Row:
    regions = _regions(unit)
    is_moved = unit.is_moved or bool(carried)
    flags = [f"cosmetic:{unit.cosmetic}"] if unit.cosmetic else []
    if carried and not (unit.is_moved and carried == "inherited"):
        flags.append(carried)
    if unit.old_no != unit.new_no:
        flags.append("renumbered")
    if unit.xref and regions:
        flags.append("xref_only" if len(regions) == unit.xref else "xref")
    kind = "moved" if is_moved else "unchanged" if unit.old_no == unit.new_no else "renumbered"
    if regions:
        kind = "moved+edited" if is_moved else "edited"
    return _row(kind, unit.old_no, unit.new_no, sorted(flags)) | {
        "n_edits": len(regions),
        "old_spans": [[start, end] for start, end, _, _ in regions if start < end],
        "new_spans": [[start, end] for _, _, start, end in regions if start < end],
    }


def _regions(unit: Unit) -> list[tuple[int, int, int, int]]:
    """Where the old and the new words differ: start and end in each."""
    found = []
    old = start = 0
    for place, (_, source) in enumerate([*unit.letters, ("", len(unit.text))]):
        if source < 0:
            continue
        if source > old or place > start:
            found.append((old, source, start, place))
        old, start = source + 1, place + 1
    return found


def save(folder: Path, old: str, new: str, rows: Sequence[Row], level: str, seed: int) -> None:
    """Write a revision in the form of the corpus."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "old.md").write_text(old, "utf-8")
    (folder / "new.md").write_text(new, "utf-8")
    truth = {"meta": {"level": level, "seed": seed}, "rows": rows}
    (folder / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("base", type=Path, help="an agreement in the form of the corpus, as old.md")
    parser.add_argument("folder", type=Path, help="where to write LEVEL-SEED/{old.md,new.md,truth.json}")
    parser.add_argument("--levels", nargs="+", choices=list(LEVELS), default=list(LEVELS))
    parser.add_argument("--seed", type=int, default=1000, help="the first seed (%(default)s)")
    parser.add_argument("--documents", type=int, default=12, help="revisions per level (%(default)s)")
    options = parser.parse_args()
    if not options.base.is_file():
        sys.exit(f"there is no such file: {options.base}")
    base = options.base.read_text("utf-8")
    for level in options.levels:
        for seed in range(options.seed, options.seed + options.documents):
            old = refreshed(base, seed)
            save(options.folder / f"{level}-{seed}", old, *revise(old, level, seed), level, seed)


if __name__ == "__main__":
    main()
