"""A receipt in words, in the language of the page: what its page and its PDF both say."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import urljoin

from django.urls import reverse
from django.utils import dateformat, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import CollaboratorGrant, Person
from agreements.models import Language, VersionText
from assent.models import Acceptance, Basis, Capacity, Refusal
from assent.receipt_pdf import Attachment, Certificate, Document, Line, Row
from assent.receipts import Receipt
from assent.records import facts_of
from evidence.checkpoint import parse
from evidence.health import stamp_sentence, timestamps
from evidence.models import TimestampAttempt
from evidence.statements import timestamp as rfc3339


def moment(at: datetime) -> str:
    """Return a moment in the site's time zone, with its offset, as templates/agreements/_moment.html writes it."""
    local = timezone.localtime(at)
    offset = local.strftime("%z")
    zone = _("（UTC+8）") if offset == "+0800" else f" (UTC{offset[:3]}:{offset[3:]})"
    return dateformat.format(local, _("Y年n月j日 H:i")) + zone


def _line(*words: str) -> list[Line]:
    return [Line(word) for word in words]


def _digest(digest: str) -> list[Line]:
    return [Line(digest, mono=True)]


def _grant_lines(grant: CollaboratorGrant) -> Iterable[str]:
    yield _("第 %(number)s 号授权（2.1.5）") % {"number": grant.pk}
    yield _("范围：%(scopes)s") % {"scopes": _("、").join(str(scope.label) for scope in grant.scopes)}
    times = [(_("邀请于 %(moment)s"), grant.granted_at), (_("确认于 %(moment)s"), grant.confirmed_at)]
    if grant.ended_at:
        times.append((_("终止于 %(moment)s"), grant.ended_at))
    yield _("；").join(words % {"moment": moment(at)} for words, at in times)


def _number(person: Person) -> str:
    return f"QQ {person.qq_number}" if person.qq_number else str(person)


def _sentence(act: Acceptance | Refusal) -> str:
    told = {"account": _number(act.account.owner), "actor": _number(act.actor)}
    if isinstance(act, Acceptance):
        if act.capacity == Capacity.OWNER:
            return _("%(account)s 的账户所有人同意下列文件，对该账户具有约束力（2.1.6）。") % told
        return _("%(actor)s 作为 %(account)s 的协作者，代表该账户同意下列文件，对该账户具有约束力（2.1.6）。") % told
    if act.capacity == Capacity.OWNER:
        return _("%(account)s 的账户所有人不同意下列文件。") % told
    return _("%(actor)s 作为 %(account)s 的协作者，代表该账户表示不同意下列文件。") % told


def _basis(act: Acceptance | Refusal) -> str:
    if isinstance(act, Refusal):
        return _("表示不同意：在列明后果的页面上，逐份点击“确认不同意”")
    said = str(act.get_basis_display())
    return said + _("：逐份勾选，并点击“同意并接受约束”") if act.basis == Basis.EXPRESS else said


def acted_at(act: Acceptance | Refusal) -> datetime:
    """Return when the act took place."""
    return act.accepted_at if isinstance(act, Acceptance) else act.refused_at


def _facts(act: Acceptance | Refusal) -> Iterable[Row]:
    is_acceptance = isinstance(act, Acceptance)
    facts = facts_of(act.entry)
    yield Row(
        _("账户"),
        _line(_("%(qq)s（账户编号 %(number)s）") % {"qq": _number(act.account.owner), "number": act.account_id}),
    )
    yield Row(
        _("操作人"), _line(_("%(qq)s（使用者编号 %(number)s）") % {"qq": _number(act.actor), "number": act.actor_id})
    )
    yield Row(_("身份"), _line(str(act.get_capacity_display())))
    if act.grant:
        yield Row(_("授权"), _line(*_grant_lines(act.grant)))
    yield Row(_("方式"), _line(_basis(act)))
    yield Row(_("号码核验"), _line(str(act.get_identity_display())))
    at = acted_at(act)
    yield Row(_("同意时间") if is_acceptance else _("时间"), [Line(moment(at)), Line(rfc3339(at), mono=True)])
    language = dict(Language.choices).get(facts["page_language"], facts["page_language"])
    yield Row(_("所示页面"), _line(_("%(language)s页面；所示文本与网页的摘要列在各文件之下") % {"language": language}))
    yield Row(
        _("效力"),
        _line(
            _("对上述账户具有约束力（2.1.6），自各文件生效时起")
            if is_acceptance
            else _("只记录不同意；以前同意过的文本继续适用，以后仍可改为同意")
        ),
    )
    values = {disclosure.field: disclosure.value for disclosure in act.entry.disclosures.all()}
    for field, label in (("address", _("网络地址")), ("user_agent", _("浏览器"))):
        if field in values:
            yield Row(label, [_personal(values[field])])


def _personal(value: str | None) -> Line:
    if value is None:
        return Line(_("已删除（个人信息保护法第四十七条）；删除记录见回执 JSON"))
    return Line(value, mono=True) if value else Line(_("（空）"))


def _document(act: Acceptance | Refusal, text: VersionText, site: str) -> Document:
    version = text.version
    effect = _("生效于 %(moment)s") % {"moment": moment(version.effective_at)}
    if getattr(version, "withdrawal", None):
        withdrawn = moment(version.withdrawal.withdrawn_at)
        effect = _("已于 %(moment)s 撤回，从未生效") % {"moment": withdrawn}
    elif version.effective_at > acted_at(act):
        effect = _("提前决定，%(effect)s") % {"effect": effect}
    address = urljoin(site, reverse("agreements:version", args=[version.agreement.slug, version.number]))
    told = {"number": version.number, "language": text.get_language_display()}
    rows = [
        Row(_("版本"), _line(_("第 %(number)s 版，%(language)s文本") % told, effect)),
        Row(_("正文 SHA-256"), _digest(text.text_sha256)),
        Row(_("正文 SM3"), _digest(text.text_sm3)),
        Row(_("网页 SHA-256"), _digest(text.html_sha256)),
        Row(_("地址"), [_link(f"{address}?text={text.language}")]),
    ]
    return Document(text.title, text.language, rows)


def _link(address: str) -> Line:
    return Line(address, mono=True, href=address)


def _proof(receipt: Receipt, *, at: datetime) -> Iterable[Row]:
    """Say where the act stands in the log, and who vouches for that at `at`."""
    checkpoint = receipt.checkpoint
    head = parse(checkpoint.note).head
    yield Row(_("日志"), [Line(head.origin, mono=True)])
    told = {"index": receipt.position, "size": checkpoint.size}
    yield Row(_("位置"), _line(_("%(index)s（从 0 数起）；封存时日志共 %(size)s 条") % told))
    yield Row(_("封存时间"), _line(moment(checkpoint.at)))
    yield Row(_("树根 SHA-256"), _digest(head.root.hex()))
    yield Row(_("签名密钥"), [Line(key, mono=True) for key in receipt.content["keys"]])
    yield Row(_("时间戳"), _line(*timestamp_words(receipt.timestamp, at=at)))
    names = [key.partition("+")[0] for key in receipt.content["witness_keys"]]
    yield Row(_("见证方"), [Line(name, mono=True) for name in names] or _line(_("没有见证方为这个检查点联署")))


def timestamp_words(stamp: TimestampAttempt | None, *, at: datetime) -> list[str]:
    """Say who vouches for the time of a checkpoint, or why nobody does and what comes next (invariant 10)."""
    now = timestamps(at=at)
    said = [stamp_sentence(stamp, now)]
    if stamp is None and now.next_at is not None:
        said.append(_("下一次申请不早于 %(moment)s。") % {"moment": moment(now.next_at)})
    return said


def _checks(site: str) -> list[str]:
    page = urljoin(site, reverse("assent:verify"))
    script = urljoin(site, reverse("assent:verify_script"))
    return [
        _("打开 %(page)s，选择这份回执的 JSON 文件。不需要登录，文件不会留存。") % {"page": page},
        _(
            "或者在自己的电脑上：下载 %(script)s，运行 python3 verify.py 文件名。只需要 Python 3 和 OpenSSL，不联网，也不依赖本站。"
        )
        % {"script": script},
        _("或者在一份契阅的安装中运行 python manage.py verify_receipt 文件名。"),
        _("要核对文本本身：从各文件的地址下载 .md 文本，计算它的 SHA-256，应与上面的“正文 SHA-256”完全一致。"),
    ]


def title_of(act: Acceptance | Refusal) -> str:
    """Return what the receipt of such an act is called."""
    return _("同意回执") if isinstance(act, Acceptance) else _("不同意回执")


def file_name(act: Acceptance | Refusal, ending: str) -> str:
    """Return the name under which a receipt is downloaded."""
    return f"receipt-{act.entry.uid}.{ending}"


def certificate(
    act: Acceptance | Refusal, *, texts: Sequence[VersionText], receipt: Receipt | None, site: str, at: datetime
) -> Certificate:
    """Return the receipt of an act in the language of the page; without `receipt` it is not sealed yet, and says so.

    `site` is the address of the portal, ending in a slash; a timestamp that is missing is told of as it is at `at`.
    """
    waiting = [Row(_("状态"), _line(_("证明正在制作：记录写入后不到一秒就会封存进日志，到时这里就有证明")))]
    return Certificate(
        language=get_language() or "",
        at=acted_at(act),
        site=_("契阅"),
        title=title_of(act),
        number_label=_("编号"),
        number=str(act.entry.uid),
        page_label=_("第 {page} 页，共 {pages} 页"),
        sentence=_sentence(act),
        facts=tuple(_facts(act)),
        documents=tuple(_document(act, text, site) for text in texts),
        proof_title=_("存在证明"),
        proof=tuple(_proof(receipt, at=at)) if receipt else waiting,
        checks_title=_("任何人都可以这样核对"),
        checks=tuple(_checks(site)),
        attachment=receipt and Attachment(file_name(act, "json"), receipt.text(), _("回执的 JSON：可以核对的就是它")),
    )
