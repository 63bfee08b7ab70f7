"""Tests of the people pages: what they call, what they say, and where they lead."""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.acting import SESSION_KEY
from accounts.appointing import end_role, give_role
from accounts.collaborating import confirm_grant, end_grant, grant
from accounts.joining import sign_up
from accounts.models import Account, CollaboratorGrant, Person, Role, RoleHolding, Scope
from evidence.models import Disclosure, Entry

PASSWORD = "seven quiet lanterns"
NEW_PASSWORD = "eleven quiet lanterns"
JOIN = {"qq_number": "80008", "password": NEW_PASSWORD, "purpose": "account"}

# Where a forged link would like to send somebody who has just signed in.
ELSEWHERE = [
    "//evil.example",
    "https://evil.example/",
    "http:///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "//evil.example\\@testserver",
    "https://testserver.evil.example/",
    "https://testserver@evil.example/",
    "\x08//evil.example",
]


def signed_in(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def reader_of(browser: Client) -> str:
    """Who is signed in, '' for nobody."""
    return browser.session.get("_auth_user_id", "")


# Joining and signing in


def test_sign_up_signs_in_and_leads_to_what_is_to_be_accepted(db: None, client: Client) -> None:
    answer = client.post("/sign-up/", JOIN)
    person = Person.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, "/accept/")
    assert reader_of(client) == str(person.pk)
    assert person.account.qq_number == "80008"


def test_sign_up_as_a_collaborator_opens_no_account(db: None, client: Client) -> None:
    client.post("/sign-up/", {**JOIN, "purpose": "collaborator"})
    assert (Person.objects.count(), Account.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"qq_number": "20002"}, "QQ 号 20002 已经注册过，请直接登录。"),
        ({"qq_number": "１２３４５"}, "QQ 号应是 5 到 11 位数字，首位不为 0。"),
        ({"qq_number": "01234"}, "QQ 号应是 5 到 11 位数字，首位不为 0。"),
        ({"password": "qwertz 8"}, "密码"),
        ({"password": "my number 80008 is"}, "密码不能包含您的 QQ 号。"),
        ({"purpose": "administrator"}, "administrator"),
        ({"purpose": ""}, ""),
    ],
)
def test_sign_up_says_what_is_wrong(values: dict, message: str, alice: Person, client: Client) -> None:
    before = (Person.objects.count(), Entry.objects.count())
    answer = client.post("/sign-up/", {**JOIN, **values})
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert values.get("password", NEW_PASSWORD) not in answer.content.decode()
    assert (Person.objects.count(), Entry.objects.count(), reader_of(client)) == (*before, "")


def test_sign_in_by_number_and_password(alice: Person, client: Client) -> None:
    answer = client.post("/sign-in/", {"username": "20002", "password": PASSWORD})
    assert (answer.status_code, answer["Location"], reader_of(client)) == (302, "/", str(alice.pk))


def test_sign_in_begins_a_new_session(alice: Person, client: Client) -> None:
    client.get("/sign-in/")
    client.session["x"] = 1
    session = client.session
    session["kept"] = 1
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    client.post("/sign-in/", {"username": "20002", "password": PASSWORD})
    assert client.session.session_key != before


@pytest.mark.parametrize(
    ("number", "password"),
    [("20002", "wrong"), ("20002", PASSWORD.upper()), ("80008", PASSWORD), ("70007", "!"), ("70007", PASSWORD)],
)
def test_sign_in_refuses_with_one_message_for_all_reasons(
    number: str, password: str, alice: Person, client: Client, now: datetime
) -> None:
    grant(account=alice.account, actor=alice, qq_number="70007", scopes=[Scope.SETTLE_FEES], at=now)
    answer = client.post("/sign-in/", {"username": number, "password": password})
    assert (answer.status_code, reader_of(client)) == (200, "")
    assert list(answer.context["form"].errors.values()) == [["QQ 号或密码不正确。"]]


def test_sign_in_refuses_who_is_inactive(alice: Person, client: Client) -> None:
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    assert client.post("/sign-in/", {"username": "20002", "password": PASSWORD}).status_code == 200
    assert reader_of(client) == ""


def test_who_becomes_inactive_is_signed_out(alice: Person) -> None:
    browser = signed_in(alice)
    assert browser.get("/profile/").status_code == 200
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    assert browser.get("/profile/").status_code == 302


@pytest.mark.parametrize("elsewhere", ELSEWHERE, ids=ascii)
def test_no_form_leads_to_another_site(elsewhere: str, alice: Person, bob: Person) -> None:
    query = f"?next={quote(elsewhere)}"
    credentials = {"username": "20002", "password": PASSWORD}
    made = CollaboratorGrant.objects.get()
    asked = [
        (Client(), f"/sign-in/{query}", credentials, "/"),
        (Client(), "/sign-in/", {**credentials, "next": elsewhere}, "/"),
        (Client(), f"/sign-up/{query}", JOIN, "/accept/"),
        (Client(), "/sign-up/", {**JOIN, "qq_number": "80009", "next": elsewhere}, "/accept/"),
        (signed_in(alice), f"/act-for/{query}", {}, "/"),
        (signed_in(alice), "/act-for/", {"next": elsewhere}, "/"),
        (signed_in(bob), f"/collaborators/{made.pk}/confirm/", {"next": elsewhere}, "/collaborators/"),
        (signed_in(bob), "/sign-out/", {"next": elsewhere}, "/"),
    ]
    assert [(url, browser.post(url, data)["Location"]) for browser, url, data, _ in asked] == [
        (url, home) for _, url, _, home in asked
    ]
    # Nor does the page of a form carry it on.
    for page in ("/sign-in/", "/sign-up/"):
        assert Client().get(page + query).context["next"] == ""
    # Who is signed in already is sent on at once.
    assert signed_in(alice).get(f"/sign-in/{query}")["Location"] == "/"


def test_a_form_leads_back_to_a_page_of_ours(alice: Person, bob: Person) -> None:
    here = "/agreements/?x=1"
    credentials = {"username": "20002", "password": PASSWORD}
    made = CollaboratorGrant.objects.get()
    asked = [
        (Client(), f"/sign-in/?next={quote(here)}", credentials),
        (Client(), "/sign-in/", {**credentials, "next": here}),
        (Client(), f"/sign-up/?next={quote(here)}", JOIN),
        (Client(), "/sign-up/", {**JOIN, "qq_number": "80009", "next": here}),
        (signed_in(alice), "/act-for/", {"next": here}),
        (signed_in(bob), f"/collaborators/{made.pk}/confirm/", {"next": here}),
    ]
    assert [browser.post(url, data)["Location"] for browser, url, data in asked] == [here] * 6
    assert Client().get(f"/sign-up/?next={quote(here)}").context["next"] == here


def test_a_page_that_needs_a_reader_leads_back_after_signing_in(alice: Person, client: Client) -> None:
    answer = client.get("/collaborators/")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/collaborators/")
    answer = client.post(answer["Location"], {"username": "20002", "password": PASSWORD})
    assert answer["Location"] == "/collaborators/"


def test_sign_out_by_a_link_is_refused(alice: Person) -> None:
    browser = signed_in(alice)
    assert browser.get("/sign-out/").status_code == 405
    assert reader_of(browser) == str(alice.pk)
    assert browser.post("/sign-out/")["Location"] == "/"
    assert reader_of(browser) == ""


# The own account, and acting for one


def test_profile_shows_who_one_is(alice: Person, bob: Person, petra: Person) -> None:
    page = signed_in(alice).get("/profile/")
    assert (page.context["own_account"], page.context["acting"].capacity) == (alice.account, "owner")
    page = signed_in(bob).get("/profile/")
    assert (page.context["own_account"], page.context["acting"].capacity) == (None, "collaborator")
    assert signed_in(petra).get("/profile/").context["roles"] == {"publisher"}


def test_open_account_acts_for_it_at_once(alice: Person, bob: Person) -> None:
    browser = signed_in(bob)
    assert browser.post("/account/open/")["Location"] == "/accept/"
    assert browser.session[SESSION_KEY] == bob.account.pk
    page = browser.post("/account/open/")
    assert (page.status_code, Account.objects.filter(owner=bob).count()) == (409, 1)
    assert "QQ 号 10001 已经注册过，请直接登录。" in page.content.decode()


def test_act_for_remembers_the_choice(alice: Person, charlie: Person, now: datetime) -> None:
    made = grant(account=alice.account, actor=alice, qq_number="30003", scopes=[Scope.SETTLE_FEES], at=now)
    confirm_grant(grant=made, actor=charlie, at=now)
    browser = signed_in(charlie)
    assert browser.get("/profile/").context["acting"].account == charlie.account
    browser.post("/act-for/", {"account": alice.account.pk})
    acting = browser.get("/profile/").context["acting"]
    assert (acting.account, acting.capacity) == (alice.account, "collaborator")


@pytest.mark.parametrize("chosen", ["", "x", "-1", "１", "9" * 19, "1e3", "0x1"])
def test_act_for_ignores_what_is_not_an_account(chosen: str, alice: Person) -> None:
    browser = signed_in(alice)
    assert browser.post("/act-for/", {"account": chosen}).status_code == 302
    assert SESSION_KEY not in browser.session
    assert browser.get("/profile/").context["acting"].account == alice.account


def test_act_for_somebody_elses_account_gives_nothing(alice: Person, charlie: Person) -> None:
    browser = signed_in(charlie)
    browser.post("/act-for/", {"account": alice.account.pk})
    assert browser.get("/profile/").context["acting"].account == charlie.account


# Collaborators


def invite(browser: Client, number: str = "70007", scopes: tuple[str, ...] = ("settle_fees",)) -> object:
    return browser.post("/collaborators/", {"qq_number": number, "scopes": scopes})


def test_the_owner_invites_and_the_number_confirms(alice: Person) -> None:
    assert invite(signed_in(alice), scopes=("settle_fees", "accept_agreements"))["Location"] == "/collaborators/"
    made = CollaboratorGrant.objects.get()
    assert (made.person.qq_number, made.scopes) == ("70007", [Scope.ACCEPT_AGREEMENTS, Scope.SETTLE_FEES])
    browser = Client()
    browser.post("/sign-up/", {**JOIN, "qq_number": "70007", "purpose": "collaborator"})
    assert browser.get("/profile/").context["invitations"] == [made]
    assert browser.get("/profile/").context["acting"] == None  # noqa: E711  It is lazy, so it cannot be None itself.
    assert browser.post(f"/collaborators/{made.pk}/confirm/")["Location"] == "/collaborators/"
    assert browser.get("/profile/").context["acting"].account == alice.account
    assert browser.session[SESSION_KEY] == alice.account.pk
    assert browser.get("/profile/").context["invitations"] == []


@pytest.mark.parametrize(
    ("number", "scopes", "message"),
    [
        ("10001", ("settle_fees",), "QQ 号 10001 已经是协作者，或正待其确认。"),
        ("20002", ("settle_fees",), "账户所有人不能把自己添加为协作者。"),
        ("70007", (), "允许进行的操作"),
        ("70007", ("everything",), "允许进行的操作"),
        ("0700", ("settle_fees",), "QQ 号应是 5 到 11 位数字，首位不为 0。"),
    ],
)
def test_an_invitation_says_what_is_wrong(number: str, scopes: tuple, message: str, alice: Person, bob: Person) -> None:
    before = (CollaboratorGrant.objects.count(), Entry.objects.count())
    page = invite(signed_in(alice), number, scopes)
    assert page.status_code == 422
    assert message in page.content.decode()
    assert (CollaboratorGrant.objects.count(), Entry.objects.count()) == before


def test_who_has_no_account_cannot_invite(alice: Person, bob: Person) -> None:
    page = invite(signed_in(bob))
    assert (page.status_code, CollaboratorGrant.objects.count()) == (403, 1)
    assert "您无权查看或办理这一事项" in page.content.decode()


def test_an_ended_grant_stays_on_both_pages(alice: Person, bob: Person, charlie: Person) -> None:
    made = CollaboratorGrant.objects.get()
    assert signed_in(alice).post(f"/collaborators/{made.pk}/end/")["Location"] == "/collaborators/"
    page = signed_in(alice).get("/collaborators/")
    assert (list(page.context["grants"]), list(page.context["received"])) == ([made], [])
    page = signed_in(bob).get("/collaborators/")
    assert (list(page.context["grants"]), list(page.context["received"])) == ([], [made])
    # Nobody else sees it.
    page = signed_in(charlie).get("/collaborators/")
    assert (list(page.context["grants"]), list(page.context["received"])) == ([], [])
    assert "10001" not in page.content.decode()


def test_ending_twice_is_refused(alice: Person, bob: Person) -> None:
    made = CollaboratorGrant.objects.get()
    signed_in(alice).post(f"/collaborators/{made.pk}/end/")
    page = signed_in(alice).post(f"/collaborators/{made.pk}/end/")
    assert page.status_code == 409
    assert "这项协作者授权已经终止。" in page.content.decode()


# The session, the reader, the account and its owner, the grants made and received, the invitations; and for the frame
# around every page for whom the reader acts (2, for the standing once more), the roles and the standing (3).
@pytest.mark.parametrize("rows", [1, 3])
def test_the_queries_of_the_collaborators_page(
    rows: int, alice: Person, now: datetime, django_assert_num_queries: Callable
) -> None:
    for position in range(rows):
        owner = sign_up(qq_number=f"3000{position}", password=PASSWORD, with_account=True, at=now)
        for account, actor, number in (
            (alice.account, alice, f"3000{position}"),
            (owner.account, owner, "20002"),
        ):
            made = grant(account=account, actor=actor, qq_number=number, scopes=list(Scope), at=now)
            confirm_grant(grant=made, actor=made.person, at=now)
            end_grant(grant=made, actor=actor, at=now)
            grant(account=account, actor=actor, qq_number=number, scopes=list(Scope), at=now)
    browser = signed_in(alice)
    with django_assert_num_queries(15):
        page = browser.get("/collaborators/")
    assert (len(page.context["grants"]), len(page.context["received"])) == (2 * rows, 2 * rows)
    assert len(page.context["invitations"]) == rows


# Roles


def test_an_administrator_gives_and_ends_a_role(alice: Person, administrator: Person) -> None:
    browser = signed_in(administrator)
    assert browser.post("/roles/", {"qq_number": "20002", "role": "auditor"})["Location"] == "/roles/"
    holding = RoleHolding.objects.get()
    assert (holding.person, holding.role, holding.given_by, holding.ended_at) == (alice, "auditor", administrator, None)
    assert browser.post(f"/roles/{holding.pk}/end/")["Location"] == "/roles/"
    holding.refresh_from_db()
    assert holding.ended_by == administrator
    assert [entry.kind for entry in Entry.objects.order_by("-pk")[:2]] == ["role.ended", "role.given"]


@pytest.mark.parametrize(
    ("number", "role", "message"),
    [
        ("40004", "publisher", "该使用者已有这一角色。"),
        ("80008", "auditor", "没有使用 QQ 号 80008 注册的使用者。"),
        ("70007", "auditor", "没有使用 QQ 号 70007 注册的使用者。"),
        ("40004", "administrator", "administrator"),
    ],
)
def test_giving_a_role_says_what_is_wrong(
    number: str, role: str, message: str, petra: Person, administrator: Person
) -> None:
    Person.objects.create(qq_number="70007", password="!")
    before = (RoleHolding.objects.count(), Entry.objects.count())
    page = signed_in(administrator).post("/roles/", {"qq_number": number, "role": role})
    assert page.status_code == 422
    assert message in page.content.decode()
    assert (RoleHolding.objects.count(), Entry.objects.count()) == before


def test_ending_a_role_that_has_ended_is_refused(petra: Person, administrator: Person, now: datetime) -> None:
    old = RoleHolding.objects.get()
    end_role(person=petra, role=Role.PUBLISHER, actor=administrator, at=now)
    browser = signed_in(administrator)
    assert browser.post(f"/roles/{old.pk}/end/").status_code == 409


@pytest.mark.parametrize("rows", [1, 3])
def test_the_queries_of_the_roles_page(
    rows: int, administrator: Person, now: datetime, django_assert_num_queries: Callable
) -> None:
    for position in range(rows):
        person = sign_up(qq_number=f"3000{position}", password=PASSWORD, with_account=False, at=now)
        give_role(person=person, role=Role.AUDITOR, actor=administrator, at=now)
        end_role(person=person, role=Role.AUDITOR, actor=administrator, at=now)
        give_role(person=person, role=Role.APPROVER, actor=administrator, at=now)
    browser = signed_in(administrator)
    with django_assert_num_queries(10):
        page = browser.get("/roles/")
    assert len(page.context["holdings"]) == 2 * rows


# Passwords


def link_in(text: str) -> str:
    (link,) = re.findall(r"http://testserver(/password/\S+?/\S+?/)", text)
    return link


def page_without_token(answer: HttpResponse) -> str:
    """The page with the changing token of its forms taken out."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


def set_password(link: str, password: str = NEW_PASSWORD) -> object:
    """Open a reset link and fill in its form."""
    browser = Client()
    form = browser.get(link)
    if form.status_code != 302:
        return form
    return browser.post(form["Location"], {"new_password1": password, "new_password2": password})


def test_a_forgotten_password_is_set_by_a_letter_to_the_numbers_mailbox(alice: Person, client: Client) -> None:
    page = client.post("/password/", {"qq_number": "20002"})
    assert (page.status_code, page.context["sent"]) == (200, True)
    (letter,) = mail.outbox
    assert (letter.to, letter.cc, letter.bcc) == (["20002@qq.com"], [], [])
    assert letter.subject == "契阅：重设密码"
    link = link_in(letter.body)
    assert set_password(link)["Location"] == "/password/done/"
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)
    # It works once.
    page = set_password(link, "thirteen quiet lanterns")
    assert (page.status_code, page.context["validlink"]) == (200, False)
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)


@pytest.mark.parametrize("number", ["80008", "70007", "30003"])
def test_no_letter_goes_to_who_has_not_joined_or_is_inactive(
    number: str, alice: Person, charlie: Person, client: Client, now: datetime
) -> None:
    grant(account=alice.account, actor=alice, qq_number="70007", scopes=[Scope.SETTLE_FEES], at=now)
    Person.objects.filter(pk=charlie.pk).update(is_active=False)
    told = page_without_token(client.post("/password/", {"qq_number": "20002"}))
    assert len(mail.outbox) == 1
    page = page_without_token(client.post("/password/", {"qq_number": number}))
    assert len(mail.outbox) == 1
    # The page does not tell the two apart.
    assert page.replace(number, "20002") == told


def test_a_letter_is_written_in_the_language_of_the_page(alice: Person, client: Client) -> None:
    client.cookies["django_language"] = "en"
    client.post("/password/", {"qq_number": "20002"})
    assert link_in(mail.outbox[0].body)


def test_a_reset_link_is_void_after_the_password_was_changed(alice: Person, client: Client) -> None:
    client.post("/password/", {"qq_number": "20002"})
    browser = signed_in(alice)
    form = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert browser.post("/profile/password/", form)["Location"] == "/profile/"
    # One's own session goes on.
    assert browser.get("/profile/").status_code == 200
    assert set_password(link_in(mail.outbox[0].body)).context["validlink"] is False


def test_a_new_password_ends_the_sessions_that_knew_the_old_one(alice: Person, client: Client) -> None:
    browser = signed_in(alice)
    client.post("/password/", {"qq_number": "20002"})
    set_password(link_in(mail.outbox[0].body))
    assert browser.get("/profile/").status_code == 302


@pytest.mark.parametrize("password", ["short", "password123", "98765432109876", "my number 20002 is"])
def test_a_reset_refuses_a_weak_password(password: str, alice: Person, client: Client) -> None:
    client.post("/password/", {"qq_number": "20002"})
    page = set_password(link_in(mail.outbox[0].body), password)
    assert list(page.context["form"].errors) == ["new_password2"]
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_change_asks_for_the_old_password(alice: Person) -> None:
    form = {"old_password": "wrong", "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    page = signed_in(alice).post("/profile/password/", form)
    assert list(page.context["form"].errors) == ["old_password"]
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_no_form_changes_a_number(alice: Person, administrator: Person) -> None:
    form = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    browser = signed_in(alice)
    for url, values in (("/profile/password/", form), ("/profile/", {}), ("/act-for/", {}), ("/account/open/", {})):
        browser.post(url, {**values, "qq_number": "20003"})
    page = f"/admin/accounts/person/{alice.pk}/change/"
    assert signed_in(administrator).post(page, {"qq_number": "20003", "joined_at": ""}).status_code == 403
    assert set(Person.objects.values_list("qq_number", flat=True)) == {"20002", "90009"}


def test_an_administrators_reset_link_works_once_and_is_logged_without_its_token(
    alice: Person, administrator: Person
) -> None:
    page = signed_in(administrator).post("/roles/reset-link/", {"qq_number": "20002"})
    link = link_in(page.context["link"])
    assert (page.status_code, mail.outbox) == (200, [])
    assert "no-store" in page["Cache-Control"]
    entry = Entry.objects.order_by("-pk").first()
    assert entry.kind == "person.reset_link_issued"
    token = link.split("/")[-2]
    assert token.encode() not in bytes(entry.statement)
    assert not Disclosure.objects.filter(value__contains=token).exists()
    assert set_password(link)["Location"] == "/password/done/"
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)
    assert set_password(link).context["validlink"] is False


@pytest.mark.parametrize("number", ["80008", "70007"])
def test_no_reset_link_for_who_has_not_joined(number: str, alice: Person, administrator: Person) -> None:
    Person.objects.create(qq_number="70007", password="!")
    before = Entry.objects.count()
    assert signed_in(administrator).post("/roles/reset-link/", {"qq_number": number}).status_code == 404
    assert Entry.objects.count() == before


@pytest.mark.parametrize("number", ["20002", "80008", "x"])
def test_only_an_administrator_learns_anything_from_the_reset_form(number: str, alice: Person, charlie: Person) -> None:
    assert signed_in(charlie).post("/roles/reset-link/", {"qq_number": number}).status_code == 403


def test_a_made_up_reset_link_is_void(alice: Person, client: Client) -> None:
    for uid, token in (("x", "y"), ("MQ", "abc-def"), ("0" * 40, "set-password")):
        page = client.get(reverse("accounts:set_password", args=[uid, token]))
        assert (page.status_code, page.context["validlink"]) == (200, False)


# Languages


@pytest.mark.parametrize("page", ["/sign-in/", "/sign-up/", "/password/", "/password/done/"])
def test_public_pages_in_both_languages(page: str, db: None, client: Client) -> None:
    assert '<html lang="zh-Hans">' in client.get(page).content.decode()
    client.cookies["django_language"] = "en"
    assert '<html lang="en">' in client.get(page).content.decode()


@pytest.mark.django_db
def test_a_next_page_that_is_no_path_leads_to_where_people_usually_go(alice: Person) -> None:
    words = {"qq_number": "70007", "password": "a long enough word", "purpose": "collaborator", "next": "foo"}
    assert Client().post("/sign-up/", words)["Location"] == reverse("assent:accept")
    assert Person.objects.get(qq_number="70007").joined_at is not None
    browser = Client()
    browser.force_login(alice)
    assert browser.post("/act-for/", {"account": alice.account.pk, "next": "foo"})["Location"] == "/"


# Closing an account


def test_the_page_says_what_follows_and_closes_once_the_number_is_typed(alice: Person, bob: Person) -> None:
    browser = signed_in(alice)
    page = browser.get("/account/close/").content.decode()
    assert [words in page for words in ("1 项协作者授权或邀请同时终止", "QQ 10001", "不能再开通账户")] == [True] * 3
    for typed in ("", "10001", "x"):
        assert browser.post("/account/close/", {"qq_number": typed}).status_code == 422
    assert Account.objects.get().closed_at is None
    answer = browser.post("/account/close/", {"qq_number": "20002"})
    assert (answer.status_code, answer["Location"]) == (302, "/profile/")
    assert Account.objects.get().closed_at is not None
    assert CollaboratorGrant.objects.get().ended_by == alice


def test_reading_the_page_closes_nothing(alice: Person) -> None:
    signed_in(alice).get("/account/close/?qq_number=20002")
    assert Account.objects.get().closed_at is None


def test_a_closed_account_is_offered_nowhere(alice: Person, bob: Person) -> None:
    browser = signed_in(alice)
    assert "/account/close/" in browser.get("/profile/").content.decode()
    browser.post("/account/close/", {"qq_number": "20002"})
    profile = browser.get("/profile/")
    assert profile.context["acting"] == None  # noqa: E711  It is lazy, so it cannot be None itself.
    assert [path in profile.content.decode() for path in ("/account/close/", "/account/open/")] == [False, False]
    assert 'name="scopes"' not in browser.get("/collaborators/").content.decode()
    assert signed_in(bob).get("/profile/").context["acting"] == None  # noqa: E711
    answers = [
        browser.get("/account/close/"),
        browser.post("/account/close/", {"qq_number": "20002"}),
        browser.post("/account/open/"),
    ]
    assert [answer.status_code for answer in answers] == [409, 409, 409]
    invited = browser.post("/collaborators/", {"qq_number": "80008", "scopes": ["settle_fees"]})
    assert (invited.status_code, CollaboratorGrant.objects.count()) == (422, 1)
