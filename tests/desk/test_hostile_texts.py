"""A text that tries to run something in its reader's browser is inert on every page that shows it, from draft to acceptance."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from agreements.importing import import_source
from agreements.models import Draft
from agreements.publishing import review_state
from tests.support import DAY, MONDAY, NOON, ZH, accept_versions, make_draft, publish, publish_draft

pytestmark = pytest.mark.usefixtures("noon")

ATTACKS = (
    "<script>alert(1)</script>",
    '<img src="x" onerror="alert(1)">',
    "[链接](javascript:alert(1))",
    "[链接](JaVaScRiPt:alert(1))",
    "[链接](data:text/html;base64,PHNjcmlwdD4=)",
    "[链接](vbscript:x)",
    "<javascript:alert(1)>",
    '<svg onload="alert(1)"></svg>',
    '<a href="javascript:alert(1)">甲</a>',
    '<iframe src="https://evil.example"></iframe>',
    '<p style="position:fixed">乙</p>',
    '"><script>alert(1)</script>',
    "**<script>alert(1)</script>**",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{ 7|add:7 }}{% load x %}",
)
HOSTILE = (
    '# 协议<script>alert("title")</script>\n\n## 1. 总则<img src=x onerror=alert(1)>\n\n'
    + "\n\n".join(f"1.{number} {attack}" for number, attack in enumerate(ATTACKS, 1))
    + "\n\n1.20 [好的链接](https://example.com/?a=1&b=2)\n"
)
# Tags with attributes that no page shows are refused at publication: see test_showing.
WRITTEN = [line for line in HOSTILE.split("\n") if not line.endswith(("甲</a>", "乙</p>"))]
ELEMENTS = "script, img, svg, iframe, object, embed, style, link, meta, base, form, input, button"


def inert(html: str) -> list[str]:
    """What in the given part of a page could run: nothing, one hopes."""
    soup = BeautifulSoup(html, "html.parser")
    found = [str(tag) for tag in soup.select(ELEMENTS)]
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            target = "".join(value if isinstance(value, str) else " ".join(value)).strip().lower()
            is_bad_link = name in ("href", "src") and not target.startswith(
                ("https:", "http:", "mailto:", "#", "/", "?")
            )
            if name.startswith("on") or name == "style" or is_bad_link:
                found.append(str(tag))
    return found


def test_the_check_finds_what_is_not_inert() -> None:
    for bad in (
        "<script>",
        "<p onclick=x>",
        "<a href='javascript:x'>",
        "<p style=x>",
        "<a href=' data:x'>",
        "<img src=/x>",
    ):
        assert len(inert(f"{bad}</p>")) == 1
    assert inert("<p class=x><a href='https://x'>x</a></p>") == []


@pytest.fixture(params=["written", "imported"])
def draft(request, agreement, petra) -> Draft:
    """Written into a draft as it is, or read from a file."""
    if request.param == "written":
        return make_draft(agreement, petra, texts={ZH: "\n".join(WRITTEN)})
    return import_source(data=HOSTILE.encode(), name="x.md", slug="terms", language=ZH, actor=petra, at=MONDAY).draft


def parts(client: Client, path: str, *selectors: str) -> list[str]:
    response = client.get(path)
    assert response.status_code == 200
    soup = BeautifulSoup(response.content.decode(), "html.parser")
    assert len(soup.select("script")) == 1  # Our own, in the head.
    assert soup.select_one("head script")["src"].startswith("/static/")
    found = [str(part) for selector in selectors for part in soup.select(selector)]
    assert found, f"nothing of {selectors} on {path}"
    return found


def test_a_hostile_text_is_inert_wherever_it_is_shown(draft, agreement, petra, alice) -> None:
    first = publish(agreement, petra, at=MONDAY - DAY)
    petras, alices = Client(), Client()
    petras.force_login(petra)
    alices.force_login(alice)
    shown = parts(petras, f"/desk/drafts/{draft.pk}/", ".statute", ".changes", "h1", ".meta")
    shown += parts(petras, f"/desk/drafts/{draft.pk}/publish/", ".changes", "h3", ".meta")
    accept_versions(alice.account, alice, first, at=MONDAY - DAY)
    version = publish_draft(draft, petra)
    shown += parts(alices, "/agreements/terms/", "article.statute", "nav.contents", ".document-head")
    shown += parts(alices, "/agreements/terms/versions/2/", "article.statute", "aside.rail")
    for query in ("", "?view=side", "?show=all"):
        shown += parts(alices, f"/agreements/terms/compare/1...2/{query}", ".changes", ".changes-nav", ".page-head")
    shown += parts(alices, "/accept/", ".consent-document", ".consent-decision .check span")
    shown += parts(alices, "/search/?q=alert", ".hits")
    accepted = accept_versions(alice.account, alice, version, at=NOON)
    shown += parts(alices, accepted.get_absolute_url(), ".receipt-document")
    shown += parts(alices, "/me/", "tbody")
    assert [bad for part in shown for bad in inert(part)] == []


def test_what_was_written_is_still_there_as_words(draft, petra, client) -> None:
    """Inert, but not silently swallowed: a reader sees that the text has it."""
    publish_draft(draft, petra)
    article = BeautifulSoup(client.get("/agreements/terms/").content.decode(), "html.parser").select_one(".statute")
    text = article.get_text()
    assert "alert(1)" in text
    assert "{{ 7|add:7 }}{% load x %}" in text
    assert [link["href"] for link in article.select(".words a:not(.number)")] == ["https://example.com/?a=1&b=2"]


def test_html_files_lose_their_scripts_on_the_way_in(agreement, petra, client) -> None:
    html = (
        "<html><head><title>协议</title><script>alert(0)</script></head><body onload=alert(0)><h1>协议</h1>"
        "<h2>1. 总则</h2><p onclick=alert(1)>1.1 甲<script>alert(1)</script><img src=x onerror=alert(1)></p>"
        '<p>1.2 <a href="javascript:alert(1)">乙</a> <a href="https://example.com/">丙</a></p></body></html>'
    )
    draft = import_source(data=html.encode(), name="x.html", slug="terms", language=ZH, actor=petra, at=MONDAY).draft
    publish_draft(draft, petra)
    shown = parts(client, "/agreements/terms/", "article.statute")
    assert [bad for part in shown for bad in inert(part)] == []
    article = BeautifulSoup(shown[0], "html.parser")
    assert [link["href"] for link in article.select(".words a:not(.number)")] == ["https://example.com/"]
    assert [unit.get_text() for unit in article.select(".unit-clause .words")] == ["甲", "乙 丙"]


def test_names_and_summaries_are_shown_as_words(petra, alice, client) -> None:
    attack = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    petras = Client()
    petras.force_login(petra)
    petras.post(
        "/desk/new/",
        {"slug": "terms", "name_zh": attack, "name_en": attack, "governing_language": "zh-hans", "binds": "account"},
    )
    petras.post("/desk/agreements/terms/", {"language": "zh-hans", "pasted": HOSTILE})
    draft = Draft.objects.get()
    petras.post(
        f"/desk/drafts/{draft.pk}/publish/",
        {"effective_at": "2026-05-01T00:00", "change": "material", "summary_zh": attack, "summary_en": attack}
        | {"seen": review_state(draft)},
    )
    shown = parts(client, "/", ".announced") + parts(client, "/agreements/", ".documents")
    shown += parts(client, "/agreements/terms/versions/", ".timeline", "h1")
    shown += parts(petras, "/desk/", "tbody") + parts(petras, "/desk/agreements/terms/", "h1", "h2")
    assert [bad for part in shown for bad in inert(part)] == []
    assert attack in BeautifulSoup(shown[0], "html.parser").get_text()


def test_the_content_security_policy_lets_nothing_inline_run(client, agreement, petra) -> None:
    publish(agreement, petra, texts={ZH: "\n".join(WRITTEN)})
    policy = client.get("/agreements/terms/").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
