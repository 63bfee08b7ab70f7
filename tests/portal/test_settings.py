"""Tests of the settings in processes of their own: what stops a production start, and what production switches on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEY = "0123456789-a-key-of-these-tests-with-more-than-fifty-characters"
PRODUCTION = {"QIYUE_ENV": "production", "SECRET_KEY": KEY, "ALLOWED_HOSTS": "qiyue.example"}


def python(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Python in the project with nothing in the environment but what is given."""
    kept = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def settings(environment: dict[str, str], *names: str) -> list:
    told = f"import json, portal.settings as s; print(json.dumps([getattr(s, name, None) for name in {names!r}]))"
    done = python("-c", told, environment=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"QIYUE_ENV": "production"}, '"SECRET_KEY" not set'),
        ({"QIYUE_ENV": "production", "SECRET_KEY": KEY}, '"ALLOWED_HOSTS" not set'),
        (PRODUCTION | {"SECRET_KEY": ""}, '"SECRET_KEY" invalid'),
        (PRODUCTION | {"SECRET_KEY": "too short"}, '"SECRET_KEY" invalid'),
        (PRODUCTION | {"ALLOWED_HOSTS": ""}, '"ALLOWED_HOSTS" invalid'),
        (PRODUCTION | {"TRUSTED_PROXIES": "-1"}, '"TRUSTED_PROXIES" invalid'),
        (PRODUCTION | {"TRUSTED_PROXIES": "yes"}, '"TRUSTED_PROXIES" invalid'),
        ({"QIYUE_ENV": "prod"}, '"QIYUE_ENV" invalid'),
        ({"QIYUE_TSA_URL": "http://tsa.example/"}, '"QIYUE_TSA_ROOTS" not set'),
        ({"QIYUE_TSA_URL": "ftp://tsa.example/", "QIYUE_TSA_ROOTS": "roots.pem"}, '"QIYUE_TSA_URL" invalid'),
        ({"QIYUE_TSA_URL": "http://me:secret@tsa.example/", "QIYUE_TSA_ROOTS": "x"}, '"QIYUE_TSA_URL" invalid'),
        ({"QIYUE_TSA_EVERY": "0"}, '"QIYUE_TSA_EVERY" invalid'),
    ],
)
def test_a_missing_or_unsafe_value_stops_the_start_in_one_line(environment: dict[str, str], message: str) -> None:
    done = python("manage.py", "check", environment=environment)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Qiyue cannot start: Environment variable {message}")
    assert "too short" not in line
    assert KEY not in line


def test_a_server_does_not_start_either() -> None:
    done = python("-c", "import portal.wsgi", environment={"QIYUE_ENV": "production"})
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith('Environment variable "SECRET_KEY" not set')


def test_check_deploy_has_no_warnings_in_production() -> None:
    done = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", environment=PRODUCTION)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "System check identified no issues (0 silenced).\n",
        "",
    )


def test_production_is_safe_by_default() -> None:
    environment = PRODUCTION | {"QIYUE_DEBUG": "true", "ALLOWED_HOSTS": "qiyue.example, www.qiyue.example"}
    expected = {
        "DEBUG": False,
        "ALLOWED_HOSTS": ["qiyue.example", "www.qiyue.example"],
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "LANGUAGE_COOKIE_SECURE": True,
        "SECURE_HSTS_SECONDS": 31536000,
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "TRUSTED_PROXIES": 0,
        "SECURE_PROXY_SSL_HEADER": None,
    }
    assert dict(zip(expected, settings(environment, *expected), strict=True)) == expected


def test_a_proxy_is_believed_only_where_there_is_one() -> None:
    names = ("TRUSTED_PROXIES", "SECURE_PROXY_SSL_HEADER")
    assert settings(PRODUCTION | {"TRUSTED_PROXIES": "2"}, *names) == [2, ["HTTP_X_FORWARDED_PROTO", "https"]]


def test_development_needs_no_environment() -> None:
    names = ("PRODUCTION", "DEBUG", "SECURE_SSL_REDIRECT", "ALLOWED_HOSTS")
    assert settings({}, *names) == [False, False, False, ["127.0.0.1", "localhost", "[::1]", "testserver"]]
    (first,), (second,) = settings({}, "SECRET_KEY"), settings({}, "SECRET_KEY")
    assert first == second != ""


def asked_in_production(environment: dict[str, str], *requests: str) -> list:
    """What the portal answers in production to requests, each written as arguments of the test client."""
    told = (
        "import json, django, sys; django.setup(); from django.test import Client; c = Client();"
        f"answers = [{', '.join(f'c.get({request})' for request in requests)}];"
        "print(json.dumps([[a.status_code, a.headers.get('Location')] for a in answers]))"
    )
    done = python("-c", told, environment=PRODUCTION | {"DJANGO_SETTINGS_MODULE": "portal.settings"} | environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_production_answers_over_https_alone_and_says_that_it_lives() -> None:
    host = "headers={'host': 'qiyue.example', 'x-forwarded-proto': 'https'}"
    redirected = [301, "https://qiyue.example/sign-in/"]
    # Without a proxy of ours its header is anybody's invention.
    assert asked_in_production({}, f"'/sign-in/', {host}", f"'/healthz', {host}") == [redirected, [200, None]]


def test_production_behind_a_proxy_of_ours_believes_what_it_says() -> None:
    page = "'/language/', headers={'host': 'qiyue.example', 'x-forwarded-proto': '%s'}"
    answers = asked_in_production({"TRUSTED_PROXIES": "1"}, page % "https", page % "http")
    assert answers == [[302, "/"], [301, "https://qiyue.example/language/"]]


def test_readyz_answers_503_when_there_is_no_database(tmp_path: Path) -> None:
    told = (
        "import json, django; django.setup(); from django.test import Client;"
        "a = Client().get('/readyz'); h = Client().get('/healthz'); print(json.dumps([a.status_code, a.json(), h.status_code]))"
    )
    for url in (f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite3'}", "postgres://nobody@127.0.0.1:1/nothing"):
        environment = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "portal.settings"}
        done = python("-c", told, environment=environment)
        assert done.returncode == 0, done.stderr
        answer = {"status": "not ready", "missing": ["database"], "warnings": [], "log": None}
        assert json.loads(done.stdout) == [503, answer, 200]
