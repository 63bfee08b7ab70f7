"""The receipt's page, JSON and PDF: what they say, in which language, and to whom."""

import hashlib
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from accounts.collaborating import confirm_grant, end_grant, grant
from accounts.models import CollaboratorGrant, Person, Scope
from agreements.models import Version
from agreements.publishing import withdraw_version
from assent import verifier
from assent.accepting import Circumstances, accept, refuse
from assent.models import Acceptance, Refusal
from evidence.log import seal
from evidence.models import Checkpoint, Entry, TimestampAttempt
from tests.assent.pdf_text import attachments, lines, runs
from tests.support import (
    CIRCUMSTANCES,
    DAY,
    EN,
    MONDAY,
    NOON,
    ZH,
    accept_versions,
    chinese,
    english,
    make_agreement,
    publish,
    queries_of,
    shown,
)

pytestmark = pytest.mark.usefixtures("noon")
AGENT = "#strong[x] *b* <script>alert(1)</script> \U0001f600 " + "a" * 200


def soup_of(response) -> BeautifulSoup:
    return BeautifulSoup(response.content.decode(), "html.parser")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def facts_of(soup: BeautifulSoup, section: str = "article > dl.facts") -> dict[str, str]:
    """What a table of facts says, by the name of each fact."""
    table = soup.select_one(section)
    names = [words(name) for name in table.select("dt")]
    return dict(zip(names, [words(value) for value in table.select("dd")], strict=True))


def client_of(person: Person, language: str = "") -> Client:
    client = Client()
    client.force_login(person)
    if language:
        client.post("/language/", {"language": language})
    return client


@pytest.fixture
def version(agreement, petra) -> Version:
    return publish(agreement, petra, texts={ZH: chinese(), EN: english()})


@pytest.fixture
def accepted(version, account, bob) -> Acceptance:
    """Bob's acceptance for alice's account, sealed."""
    made = accept_versions(account, bob, version, at=MONDAY)
    seal(at=NOON)
    return made


@pytest.fixture
def refused(version, account, alice) -> Refusal:
    made = refuse(
        account=account, actor=alice, document=shown(version), form_key=uuid4(), circumstances=CIRCUMSTANCES, at=MONDAY
    )
    seal(at=NOON)
    return made


def path_of(act: Acceptance | Refusal, ending: str) -> str:
    return f"/receipts/{act.entry.uid}{ending}"


# The page.


def test_the_page_says_who_accepted_what_for_whom_when_and_by_what_right(
    accepted, version, account, alice, bob
) -> None:
    soup = soup_of(client_of(alice).get(accepted.get_absolute_url()))
    assert words(soup.select_one(".receipt-number")) == f"编号 {accepted.entry.uid}"
    assert words(soup.select_one(".receipt-sentence")) == (
        "QQ 10001 作为 QQ 20002 的协作者，代表该账户同意下列文件，对该账户具有约束力（2.1.6）。"
    )
    assert facts_of(soup) == {
        "账户": f"QQ 20002（账户编号 {account.pk}）",
        "操作人": f"QQ 10001（使用者编号 {bob.pk}）",
        "身份": "协作者",
        "授权": f"第 {accepted.grant.pk} 号授权（2.1.5） 范围：确认和同意协议、规则 "
        "邀请于 2026年1月5日 09:00（UTC+8）；确认于 2026年1月5日 09:00（UTC+8）",
        "方式": "明示同意：逐份勾选，并点击“同意并接受约束”",
        "号码核验": "自行申报，以密码登录",
        "同意时间": "2026年3月2日 10:00（UTC+8） 2026-03-02T02:00:00.000000Z",
        "所示页面": "中文页面；所示文本与网页的摘要列在各文件之下",
        "效力": "对上述账户具有约束力（2.1.6），自各文件生效时起",
        "网络地址": "203.0.113.7",
        "浏览器": "Firefox/140.0",
    }
    text = version.texts.get(language=ZH)
    assert facts_of(soup, f"[aria-labelledby=l{text.pk}] dl") == {
        "版本": "第 1 版，中文文本 生效于 2026年3月2日 10:00（UTC+8）",
        "正文 SHA-256": text.text_sha256,
        "正文 SM3": text.text_sm3,
        "网页 SHA-256": text.html_sha256,
        "地址": "http://testserver/agreements/terms/versions/1/?text=zh-hans",
    }
    statement = json.loads(soup.select("pre.statement")[-1].get_text())
    assert statement == json.loads(bytes(accepted.entry.statement))


def test_the_page_says_where_it_stands_in_the_log_and_that_nobody_else_vouches_for_the_time(accepted, alice) -> None:
    soup = soup_of(client_of(alice).get(accepted.get_absolute_url()))
    size = Entry.objects.count()
    proof = facts_of(soup, "[aria-labelledby=proof] dl")
    assert proof["位置"] == f"{accepted.entry.sealed.position}（从 0 数起）；封存时日志共 {size} 条"
    assert proof["封存时间"] == "2026年4月1日 12:00（UTC+8）"
    assert proof["日志"] == "qiyue.example/log"
    assert proof["时间戳"].startswith("这个检查点还没有时间戳。没有配置时间戳机构")
    assert proof["见证方"] == "没有见证方为这个检查点联署"
    offered = [link["href"] for link in soup.select(".receipt-take a")]
    assert offered == [path_of(accepted, ".pdf"), path_of(accepted, ".json")]


def test_a_timestamp_that_failed_is_told_with_its_reason_and_the_next_try(accepted, alice, settings) -> None:
    settings.TIMESTAMP_AUTHORITY = "https://tsa.example/"
    TimestampAttempt.objects.create(
        number=1,
        checkpoint=Checkpoint.objects.get(),
        authority="https://tsa.example/",
        at=NOON - timedelta(seconds=3),
        error="the authority refused: status 2",
    )
    soup = soup_of(client_of(alice).get(accepted.get_absolute_url()))
    said = facts_of(soup, "[aria-labelledby=proof] dl")["时间戳"]
    assert "未能从时间戳机构 https://tsa.example/ 取得时间戳" in said
    assert "原因：时间戳机构拒绝签发: status 2。" in said
    assert said.endswith("下一次申请不早于 2026年4月1日 12:00（UTC+8）。")


def test_before_sealing_the_page_says_so_and_the_files_ask_to_come_back(version, account, alice) -> None:
    client, act = client_of(alice), accept_versions(account, alice, version, at=NOON)
    soup = soup_of(client.get(act.get_absolute_url()))
    assert facts_of(soup, "[aria-labelledby=proof] dl") == {
        "状态": "证明正在制作：记录写入后不到一秒就会封存进日志，到时这里就有证明"
    }
    assert "证明正在制作" in words(soup.select_one(".receipt-take"))
    for ending in (".json", ".pdf"):
        response = client.get(path_of(act, ending))
        assert (response.status_code, response["Retry-After"]) == (409, "1")
        assert "尚未封入日志" in response.content.decode()
    seal(at=NOON)
    assert [client.get(path_of(act, ending)).status_code for ending in ("/", ".json", ".pdf")] == [200] * 3


def test_a_refusals_receipt_does_not_say_that_anybody_is_bound(refused, alice) -> None:
    soup = soup_of(client_of(alice).get(refused.get_absolute_url()))
    assert words(soup.h1) == "不同意回执"
    assert words(soup.select_one(".receipt-sentence")) == "QQ 20002 的账户所有人不同意下列文件。"
    facts = facts_of(soup)
    assert facts["方式"] == "表示不同意：在列明后果的页面上，逐份点击“确认不同意”"
    assert facts["效力"] == "只记录不同意；以前同意过的文本继续适用，以后仍可改为同意"
    assert "授权" not in facts
    me = soup_of(client_of(alice).get("/me/"))
    assert [link["href"] for link in me.select("[aria-labelledby=refusals] td.is-act a")] == [path_of(refused, "/")]


def test_early_acceptance_and_withdrawal_are_said(agreement, account, alice, petra) -> None:
    publish(agreement, petra, at=MONDAY)
    early = publish(agreement, petra, "第二版。", effective_at=NOON + DAY)
    accepted = accept_versions(account, alice, early, at=MONDAY)
    seal(at=NOON)

    def said() -> str:
        return facts_of(soup_of(client_of(alice).get(accepted.get_absolute_url())), ".receipt-document dl")["版本"]

    assert said() == "第 2 版，中文文本 提前决定，生效于 2026年4月2日 12:00（UTC+8）"
    withdraw_version(version=early, actor=petra, at=MONDAY + DAY)
    assert said() == "第 2 版，中文文本 已于 2026年4月1日 12:00（UTC+8） 撤回，从未生效"


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_takes_as_many_queries_for_three_documents_as_for_one(petra, account, alice, count) -> None:
    versions = [publish(make_agreement(petra, slug=f"terms-{n}"), petra) for n in range(count)]
    accepted = accept_versions(account, alice, *versions, at=MONDAY)
    seal(at=NOON)
    client = client_of(alice)
    path = accepted.get_absolute_url()
    client.get(path)
    assert queries_of(lambda: client.get(path)) == 27
    assert queries_of(lambda: client.get(path_of(accepted, ".json"))) == 18


# The files.


def test_the_json_is_a_receipt_that_holds(accepted, bob) -> None:
    response = client_of(bob).get(path_of(accepted, ".json"))
    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"] == f'attachment; filename="receipt-{accepted.entry.uid}.json"'
    report = verifier.check(response.content)
    assert (report.holds, report.facts["disclosed"]["actor_qq"]) == (True, "10001")


def test_the_pdf_says_what_the_page_says_and_carries_the_json(accepted, alice) -> None:
    client = client_of(alice)
    response = client.get(path_of(accepted, ".pdf"))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="receipt-{accepted.entry.uid}.pdf"'
    printed = "".join(lines(response.content))
    soup = soup_of(client.get(accepted.get_absolute_url()))
    said = [words(soup.select_one(".receipt-sentence"))]
    said += [words(line) for line in soup.select("article .row-line, article dt, article h1, article h2")]
    said += [words(step) for step in soup.select(".receipt-check li")]
    assert [words for words in said if words.replace(" ", "") not in printed.replace(" ", "")] == []
    data = client.get(path_of(accepted, ".json")).content
    assert attachments(response.content) == {f"receipt-{accepted.entry.uid}.json": data}


def test_a_collaborators_receipt_of_one_document_fits_on_one_page(accepted, alice) -> None:
    for language in ("zh-hans", "en"):
        made = client_of(alice, language).get(path_of(accepted, ".pdf")).content
        assert {run.page for run in runs(made)} == {1}


def test_the_same_receipt_is_the_same_file_every_time(accepted, alice, bob) -> None:
    files = [client_of(person).get(path_of(accepted, ".pdf")).content for person in (alice, bob, alice)]
    assert len({hashlib.sha256(file).hexdigest() for file in files}) == 1


def test_in_english_all_three_are_english_or_for_machines(accepted, alice) -> None:
    client = client_of(alice, "en")
    made = client.get(path_of(accepted, ".pdf")).content
    assert b"/Lang(en-US)" in made
    assert client.get(path_of(accepted, ".json")).content == client_of(alice).get(path_of(accepted, ".json")).content


def test_what_a_browser_says_of_itself_is_markup_nowhere(version, account, alice) -> None:
    circumstances = Circumstances(language="zh-hans", address="203.0.113.7", user_agent=AGENT)
    act = accept(
        account=account, actor=alice, documents=[shown(version)], form_key=uuid4(), circumstances=circumstances, at=MONDAY
    )  # fmt: skip
    seal(at=NOON)
    client = client_of(alice)
    soup = soup_of(client.get(act.get_absolute_url()))
    assert len(soup.select("script")) == 1  # Our own, in the head.
    assert facts_of(soup)["浏览器"] == " ".join(AGENT.split())
    printed = "".join(lines(client.get(path_of(act, ".pdf")).content)).replace(" ", "")
    assert AGENT.replace("\U0001f600", "[U+1F600]").replace(" ", "") in printed


# To whom.


@pytest.mark.parametrize("ending", ["/", ".json", ".pdf"])
def test_owner_actor_and_auditor_see_a_receipt_nobody_else(
    accepted, account, ending, alice, bob, charlie, petra, arno, audrey, administrator
) -> None:
    other = grant(account=account, actor=alice, qq_number="30003", scopes=list(Scope), at=MONDAY)
    confirm_grant(grant=other, actor=charlie, at=MONDAY)
    path = path_of(accepted, ending)
    statuses = {
        str(person): client_of(person).get(path).status_code
        for person in (alice, bob, audrey, charlie, petra, arno, administrator)
    }
    assert statuses == {
        "20002": 200, "10001": 200, "60006": 200, "30003": 403, "40004": 403, "50005": 403, "90009": 403,
    }  # fmt: skip
    assert Client().get(path).url == f"/sign-in/?next={path}"


@pytest.mark.parametrize("ending", ["/", ".json", ".pdf"])
def test_a_refusals_receipt_is_for_the_same_people(refused, ending, alice, bob, charlie, audrey) -> None:
    path = path_of(refused, ending)
    statuses = [client_of(person).get(path).status_code for person in (alice, audrey, bob, charlie)]
    assert statuses == [200, 200, 403, 403]


def test_a_collaborator_keeps_own_receipt_after_removal(version, account, alice, bob) -> None:
    accepted = accept_versions(account, bob, version, at=MONDAY)
    others = accept_versions(account, alice, version, at=MONDAY)
    end_grant(grant=CollaboratorGrant.objects.get(person=bob), actor=alice, at=MONDAY + DAY)
    seal(at=NOON)
    client = client_of(bob)
    for ending in ("/", ".json", ".pdf"):
        assert [client.get(path_of(act, ending)).status_code for act in (accepted, others)] == [200, 403]
    assert "终止于 2026年3月3日" in facts_of(soup_of(client.get(accepted.get_absolute_url())))["授权"]


@pytest.mark.parametrize("ending", ["/", ".json", ".pdf"])
def test_what_is_no_receipt_is_404(accepted, alice, ending) -> None:
    published = Entry.objects.filter(kind="version.published").get()
    client = client_of(alice)
    uids = (uuid4(), "1", "x" * 36, published.uid)
    assert [client.get(f"/receipts/{uid}{ending}").status_code for uid in uids] == [404] * 4


def test_receipts_are_kept_by_no_cache(accepted, alice) -> None:
    client = client_of(alice)
    for ending in ("/", ".json", ".pdf"):
        assert "no-store" in client.get(path_of(accepted, ending))["Cache-Control"]
