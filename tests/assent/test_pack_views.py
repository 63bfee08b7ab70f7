"""The pages of evidence packs: the buttons, the progress, the file, and what is told to whom."""

import io
from uuid import uuid4
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup
from django.core.files.storage import storages
from django.test import Client

from assent import pack_requests
from assent.models import PackRequest
from assent.pack_requests import KEPT, make_next_pack, tidy_packs
from evidence.log import seal
from evidence.models import Entry
from tests.support import MONDAY, NOON, accept_versions, make_agreement, publish, queries_of

pytestmark = pytest.mark.usefixtures("noon", "packs_dir")


def soup_of(response) -> BeautifulSoup:
    return BeautifulSoup(response.content.decode(), "html.parser")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def posts(response) -> list[dict[str, str]]:
    """What the buttons for packs of a page post."""
    return [
        {
            field["name"]: field.get("value", "")
            for field in form.select("input, select")
            if field["name"] != "csrfmiddlewaretoken"
        }
        for form in soup_of(response).select('form[action="/packs/"]')
    ]


@pytest.fixture
def accepted(agreement, petra, account, alice, bob):
    version = publish(agreement, petra)
    found = [accept_versions(account, person, version) for person in (alice, bob)]
    seal(at=MONDAY)
    return found


def test_the_buttons_of_the_pages_lead_to_a_pack(accepted, account, alice, bob, audrey) -> None:
    own, bobs = (str(acceptance.entry.uid) for acceptance in accepted)
    buttons = {
        "owner's list": posts(client_of(alice).get("/me/")),
        "collaborator's list": posts(client_of(bob).get("/me/")),
        "receipt": posts(client_of(bob).get(f"/receipts/{bobs}/")),
        "auditor's record": posts(client_of(audrey).get(f"/audit/{own}/")),
        "auditor's list": posts(client_of(audrey).get("/audit/?account=20002&agreement=terms")),
    }
    assert buttons == {
        "owner's list": [{"account": str(account.pk)}],
        "collaborator's list": [],
        "receipt": [{"acceptance": bobs}],
        "auditor's record": [{"acceptance": own}, {"account": str(account.pk)}],
        "auditor's list": [{"account_qq": "20002"}, {"agreement": ""}],
    }
    selected = soup_of(client_of(audrey).get("/audit/?agreement=terms")).select_one("#pack_agreement [selected]")
    assert selected["value"] == "terms"


@pytest.mark.parametrize(
    ("asked", "about"),
    [
        ({"account_qq": "20002"}, "账户 QQ 20002"),
        ({"agreement": "terms"}, "协议 开发者测试协议"),
        ({"acceptance": "own"}, "同意记录 own"),
    ],
)
def test_an_auditor_asks_and_downloads(accepted, audrey, asked, about) -> None:
    uid = str(accepted[0].entry.uid)
    client = client_of(audrey)
    response = client.post("/packs/", {name: uid if value == "own" else value for name, value in asked.items()})
    made = PackRequest.objects.get()
    assert (response.status_code, response.url) == (302, f"/packs/{made.uid}/")
    page = soup_of(client.get(response.url))
    assert words(page.select_one(".lede")) == about.replace("own", uid)
    assert words(page.select_one(".status")) == "已制成"
    assert [words(digest) for digest in page.select("dd.digest")] == [made.sha256]
    file = client.get(page.select_one("a.button.is-primary")["href"])
    assert (file["Content-Type"], file["Content-Length"]) == ("application/zip", str(made.size))
    assert file["Content-Disposition"] == f'attachment; filename="qiyue-{made.uid}.zip"'
    assert "no-store" in file["Cache-Control"]
    assert ZipFile(io.BytesIO(b"".join(file.streaming_content))).testzip() is None


def test_progress_is_seen_without_a_script(accepted, account, alice, monkeypatch) -> None:
    monkeypatch.setattr(pack_requests, "AT_ONCE", 0)
    client = client_of(alice)
    path = client.post("/packs/", {"account": account.pk}).url

    def seen() -> tuple[str, bool, list[tuple[str, str]]]:
        page = soup_of(client.get(path))
        bars = [(bar["value"], bar["max"]) for bar in page.select("progress")]
        return words(page.select_one(".status")), page.select_one('meta[http-equiv="refresh"]') is not None, bars

    assert seen() == ("等待制作", True, [("0", "7")])
    PackRequest.objects.update(done=5, leased_until=NOON)
    assert seen() == ("制作中", True, [("5", "7")])
    PackRequest.objects.update(error="OSError('disk full')")
    assert seen() == ("上次制作失败，将自动重试", True, [("5", "7")])
    assert "disk full" not in client.get(path).content.decode()
    make_next_pack(at=NOON)
    assert seen() == ("已制成", False, [])


def test_a_deleted_file_can_be_made_again(accepted, alice) -> None:
    client = client_of(alice)
    path = client.post("/packs/", {"acceptance": accepted[0].entry.uid}).url
    download = f"{path}download"
    b"".join(client.get(download).streaming_content)
    storages["packs"].delete(PackRequest.objects.get().file)
    assert client.get(download).status_code == 410
    tidy_packs(at=NOON + KEPT)
    assert client.get(download).status_code == 410
    page = client.get(path)
    assert words(soup_of(page).select_one(".status")) == "文件已删除"
    [again] = posts(page)
    made = client.post("/packs/", again)
    assert made.url != path
    assert words(soup_of(client.get(made.url)).select_one(".status")) == "已制成"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"account": "0"},
        {"account": "x"},
        {"account": "9" * 30},
        {"account_qq": "1"},
        {"account_qq": "99999"},
        {"account_qq": "20002\0"},
        {"agreement": "unknown"},
        {"agreement": "\0"},
        {"acceptance": "x"},
        {"acceptance": str(uuid4())},
        {"account_qq": "20002", "agreement": "terms"},
    ],
)
def test_what_names_nothing_or_two_things_is_refused(accepted, audrey, asked) -> None:
    entries = Entry.objects.count()
    response = client_of(audrey).post("/packs/", asked)
    assert (response.status_code, soup_of(response).select(".error-summary li") == []) == (422, False)
    assert (PackRequest.objects.count(), Entry.objects.count()) == (0, entries)


def test_nobody_learns_whether_a_number_has_an_account(accepted, alice) -> None:
    client = client_of(alice)
    assert [client.post("/packs/", {"account_qq": number}).status_code for number in ("20002", "99999")] == [403, 403]


def test_a_pack_of_what_is_not_sealed_is_refused_for_now(accepted, agreement, account, alice) -> None:
    late = accept_versions(account, alice, agreement.versions.get(), at=NOON)
    response = client_of(alice).post("/packs/", {"acceptance": late.entry.uid})
    assert (response.status_code, PackRequest.objects.count()) == (409, 0)


def test_everybody_sees_their_own_requests(accepted, account, alice, audrey, charlie) -> None:
    for person in (alice, audrey):
        client_of(person).post("/packs/", {"account": account.pk})
    listed = {
        person: [link["href"] for link in soup_of(client_of(person).get("/packs/")).select("tbody a")]
        for person in (alice, audrey, charlie)
    }
    requests = {request.asked_by: [request.get_absolute_url()] for request in PackRequest.objects.all()}
    assert listed == requests | {charlie: []}


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_as_many_queries_for_many(accepted, petra, audrey, count) -> None:
    client = client_of(audrey)
    for number in range(count):
        version = publish(make_agreement(petra, slug=f"terms-{number}"), petra)
        accept_versions(accepted[0].account, accepted[0].actor, version)
        seal(at=MONDAY)
        for asked in ({"agreement": f"terms-{number}"}, {"account": accepted[0].account_id}):
            client.post("/packs/", asked)
    assert PackRequest.objects.count() == 2 * count
    client.get("/packs/")
    assert queries_of(lambda: client.get("/packs/")) == 9
