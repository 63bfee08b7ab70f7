"""Who may open which address of agreements, assent and desk: a row for each route of the URL conf, so that a new one needs one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.joining import sign_up
from accounts.models import Person
from assent.legal_holds import place_hold
from assent.pack_requests import request_pack
from assent.packing import Selection
from evidence.log import seal
from tests.conftest import PASSWORD
from tests.support import DAY, MONDAY, NOON, accept_versions, decision, make_draft, publish, recorded, shown

pytestmark = pytest.mark.usefixtures("noon", "packs_dir")

APPS = ("agreements", "assent", "desk")
EVERYBODY = "everybody"  # also without signing in
SIGNED_IN = "signed in"
PUBLISHER = "publisher"
AUDITOR = "auditor"
ADMINISTRATOR = "administrator"
OWN = "owner, actor, auditor"
ASKER = "who asked for it"

# Route: who may use it, and by which methods.
ROUTES: dict[str, tuple[str, str]] = {
    "agreements:search": (EVERYBODY, "GET"),
    "agreements:list": (EVERYBODY, "GET"),
    "agreements:current": (EVERYBODY, "GET"),
    "agreements:versions": (EVERYBODY, "GET"),
    "agreements:version": (EVERYBODY, "GET"),
    "agreements:download_md": (EVERYBODY, "GET"),
    "agreements:download_txt": (EVERYBODY, "GET"),
    "agreements:on_day": (EVERYBODY, "GET"),
    "agreements:choose_day": (EVERYBODY, "GET"),
    "agreements:compare": (EVERYBODY, "GET"),
    "agreements:compare_json": (EVERYBODY, "GET"),
    "agreements:compare_txt": (EVERYBODY, "GET"),
    "agreements:compare_docx": (EVERYBODY, "GET"),
    "assent:since": (EVERYBODY, "GET"),
    "assent:accept": (SIGNED_IN, "GET POST"),
    "assent:decline": (SIGNED_IN, "GET POST"),
    "assent:me": (SIGNED_IN, "GET"),
    "assent:receipt": (OWN, "GET"),
    "assent:receipt_json": (OWN, "GET"),
    "assent:receipt_pdf": (OWN, "GET"),
    "assent:verify": (EVERYBODY, "GET POST"),
    "assent:verify_script": (EVERYBODY, "GET"),
    "assent:log": (EVERYBODY, "GET"),
    "assent:packs": (SIGNED_IN, "GET POST"),
    "assent:pack": (ASKER, "GET"),
    "assent:pack_file": (ASKER, "GET"),
    "assent:audit": (AUDITOR, "GET"),
    "assent:record": (AUDITOR, "GET"),
    "assent:export": (AUDITOR, "POST"),
    "assent:holds": (AUDITOR, "GET POST"),
    "assent:lift_hold": (AUDITOR, "GET POST"),
    "assent:find_person": (ADMINISTRATOR, "GET POST"),
    "assent:erase": (ADMINISTRATOR, "GET POST"),
    "desk:index": (PUBLISHER, "GET"),
    "desk:compare": (PUBLISHER, "GET POST"),
    "desk:new": (PUBLISHER, "GET POST"),
    "desk:agreement": (PUBLISHER, "GET POST"),
    "desk:new_draft": (PUBLISHER, "POST"),
    "desk:draft": (PUBLISHER, "GET POST"),
    "desk:publish": (PUBLISHER, "GET POST"),
    "desk:withdraw": (PUBLISHER, "POST"),
}
CAST = ("anonymous", "alice", "bob", "charlie", "petra", "arno", "audrey", "administrator")
MAY = {
    EVERYBODY: set(CAST),
    SIGNED_IN: set(CAST) - {"anonymous"},
    PUBLISHER: {"petra"},
    AUDITOR: {"audrey"},
    ADMINISTRATOR: {"administrator"},
    OWN: {"alice", "bob", "audrey"},
    ASKER: {"bob"},
}
DOERS = {PUBLISHER: "petra", AUDITOR: "audrey", ADMINISTRATOR: "administrator"}


@dataclass
class Stage:
    """The clients of the cast, and the arguments of each route."""

    clients: dict[str, Client]
    arguments: dict[str, list[object]]
    forms: dict[str, dict[str, object]] = field(default_factory=dict)

    def path(self, route: str) -> str:
        return reverse(route, args=self.arguments.get(route, []))


def routes(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, pattern.namespace or namespace)
        elif isinstance(pattern, URLPattern) and namespace in APPS:
            yield f"{namespace}:{pattern.name}"


@pytest.fixture
def stage(agreement, petra, alice, bob, charlie, arno, audrey, administrator) -> Stage:
    version = publish(agreement, petra)
    announced = publish(agreement, petra, "第二版。", effective_at=NOON + DAY)
    draft = make_draft(agreement, petra)
    accepted = accept_versions(alice.account, bob, version, at=MONDAY)
    people: dict[str, Person] = {
        "alice": alice,
        "bob": bob,
        "charlie": charlie,
        "petra": petra,
        "arno": arno,
        "audrey": audrey,
        "administrator": administrator,
    }
    clients = {"anonymous": Client()}
    for name, person in people.items():
        clients[name] = Client()
        clients[name].force_login(person)
    seal(at=MONDAY)
    pack = request_pack(selection=Selection(acceptance=accepted), actor=bob, at=NOON)
    pair = ["terms", 1, 2]
    arguments: dict[str, list[object]] = {
        "agreements:on_day": ["terms", "2026-03-05"],
        "agreements:compare": pair,
        "agreements:compare_json": pair,
        "agreements:compare_txt": pair,
        "agreements:compare_docx": pair,
        "assent:receipt": [accepted.entry.uid],
        "assent:receipt_json": [accepted.entry.uid],
        "assent:receipt_pdf": [accepted.entry.uid],
        "assent:record": [accepted.entry.uid],
        "assent:lift_hold": [place_hold(person=alice, reason="诉讼", actor=audrey, at=MONDAY).pk],
        "assent:erase": [sign_up(qq_number="70007", password=PASSWORD, with_account=False, at=MONDAY).pk],
        "assent:pack": [pack.uid],
        "assent:pack_file": [pack.uid],
        "desk:draft": [draft.pk],
        "desk:publish": [draft.pk],
        "desk:withdraw": [announced.pk],
    }
    for name in ("current", "versions", "choose_day"):
        arguments[f"agreements:{name}"] = ["terms"]
    for name in ("version", "download_md", "download_txt"):
        arguments[f"agreements:{name}"] = ["terms", 1]
    for name in ("assent:since", "desk:agreement", "desk:new_draft"):
        arguments[name] = ["terms"]
    own = decision(alice.account, shown(version), form_key=uuid4())
    forms = {
        "assent:accept": own,
        "assent:decline": own,
        "assent:holds": {"qq_number": "30003", "reason": "诉讼"},
        "assent:lift_hold": {"reason": "结案"},
        "assent:find_person": {"qq_number": "70007"},
        "assent:erase": {"qq_number": "70007"},
        "assent:packs": {"acceptance": accepted.entry.uid},
        "assent:verify": {"file": SimpleUploadedFile("receipt.json", b"{}")},
    }
    return Stage(clients, arguments, forms)


def test_every_route_of_these_apps_has_a_row() -> None:
    assert sorted(routes(get_resolver())) == sorted(ROUTES)


@pytest.mark.parametrize("route", [name for name, (_who, methods) in ROUTES.items() if "GET" in methods])
def test_who_may_read(stage, route) -> None:
    who, _methods = ROUTES[route]
    path = stage.path(route)
    statuses = {name: client.get(path) for name, client in stage.clients.items()}
    for response in statuses.values():
        response.close()
    allowed = {name for name, response in statuses.items() if response.status_code == 200 or is_own_redirect(response)}
    assert allowed == MAY[who]
    for name in set(CAST) - MAY[who]:
        response = statuses[name]
        if name == "anonymous":
            assert (response.status_code, response.url) == (302, f"/sign-in/?next={path}")
        else:
            assert response.status_code == 403


def is_own_redirect(response) -> bool:
    """Some pages lead on; what they never lead those to who may read is the sign-in page."""
    return response.status_code == 302 and not response.url.startswith("/sign-in/")


@pytest.mark.parametrize("route", [name for name, (_who, methods) in ROUTES.items() if "POST" in methods])
def test_who_may_not_write_writes_nothing(stage, route) -> None:
    who, _methods = ROUTES[route]
    path = stage.path(route)
    before = recorded()
    # For alice's account only she and bob may decide, whoever is signed in; an auditor may have proof of it.
    may = {"alice", "bob"} if who == SIGNED_IN else MAY[who]
    may |= {"audrey"} if route == "assent:packs" else set()
    for name in set(CAST) - may:
        response = stage.clients[name].post(path, stage.forms.get(route, {}))
        if name == "anonymous":
            assert (response.status_code, response.url) == (302, f"/sign-in/?next={path}")
        else:
            assert response.status_code == 403
    assert recorded() == before


@pytest.mark.parametrize("route", [name for name, (_who, methods) in ROUTES.items() if "POST" in methods])
def test_who_may_write_is_not_refused(stage, route) -> None:
    who, _methods = ROUTES[route]
    name = {**DOERS, SIGNED_IN: "alice", EVERYBODY: "anonymous"}[who]
    if route == "assent:decline":
        name = "charlie"  # Alice's account accepted the version before; charlie has a decision of his own to make.
        account = Person.objects.get(qq_number="30003").account
        stage.forms[route] = stage.forms[route] | {"account": account.pk}
    response = stage.clients[name].post(stage.path(route), stage.forms.get(route, {}))
    assert response.status_code in (200, 302, 422)
    assert not (response.status_code == 302 and response.url.startswith("/sign-in/"))


@pytest.mark.parametrize("route", ROUTES)
def test_other_methods_are_not_allowed(stage, route) -> None:
    _who, methods = ROUTES[route]
    path = stage.path(route)
    client = stage.clients[DOERS.get(ROUTES[route][0], "alice")]
    refused = {
        name for name in ("GET", "POST", "PUT", "PATCH", "DELETE") if client.generic(name, path).status_code == 405
    }
    assert refused == {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(methods.split())
