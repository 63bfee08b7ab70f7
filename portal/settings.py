"""All settings, read once from the environment; in production a missing or unsafe value stops the start."""

from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import Env, validate

BASE_DIR = Path(__file__).resolve().parent.parent


def key_file_beside(database: dict) -> Path:
    """Return where the log's key is kept by default: beside a SQLite file, so that each database has its own, or else here."""
    name = str(database["NAME"])
    is_file = database["ENGINE"] == "django.db.backends.sqlite3" and ":memory:" not in name
    return Path(f"{name}.key" if is_file else BASE_DIR / "log.key")


env = Env()
PRODUCTION = env.str("QIYUE_ENV", "development", validate=validate.OneOf(["development", "production"])) == "production"
DEBUG = env.bool("QIYUE_DEBUG", False) and not PRODUCTION

# Development has a fixed key so that sessions survive a restart; production refuses to start without one of its own.
if PRODUCTION:
    SECRET_KEY = env.str("SECRET_KEY", validate=validate.Length(min=50))
    ALLOWED_HOSTS = env.list(
        "ALLOWED_HOSTS", subcast=str.strip, validate=[validate.Length(min=1), validate.ContainsNoneOf(["*"])]
    )
else:
    SECRET_KEY = env.str("SECRET_KEY", "development-only-" + "0" * 50)
    ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [], subcast=str.strip)

INSTALLED_APPS = [
    "csp",
    "simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "portal",
    "desk",
    "assent",
    "agreements",
    "accounts",
    "evidence",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.language.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.caching.PrivatePagesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "portal.refusals.RefusalMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.people",
                "assent.context_processors.standing_of_reader",
            ],
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        env.str("DATABASE_URL", "") or f"sqlite:///{BASE_DIR / 'db.sqlite3'}", conn_max_age=60, conn_health_checks=True
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # One writer at a time, waiting its turn, and a commit that survives a power cut.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.Person"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.NotTheNumberValidator"},
    {"NAME": "accounts.passwords.LongEnoughValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60  # seconds

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", "Asia/Shanghai")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Evidence packs hold personal values, and are served only through their page.
    "packs": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": env.path("QIYUE_PACKS_DIR", BASE_DIR / "packs"),
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION

EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if PRODUCTION else 'console'}.EmailBackend"
EMAIL_HOST = env.str("EMAIL_HOST", "localhost")
EMAIL_PORT = env.int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", False)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "qiyue@localhost")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
LANGUAGE_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
# How many proxies in front of us are ours: their X-Forwarded-For and X-Forwarded-Proto are believed, nobody else's.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0, validate=validate.Range(min=0))
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# The log (docs/evidence-format.md): its signing keys, comma-separated, or else a file of one key a line that is made when it is
# missing; and the name that a new key gives the log.
LOG_KEYS = env.list("QIYUE_LOG_KEY", [], subcast=str.strip)
LOG_KEY_FILE = env.path("QIYUE_LOG_KEY_FILE", key_file_beside(DATABASES["default"]))
LOG_ORIGIN = env.str(
    "QIYUE_LOG_ORIGIN",
    f"{ALLOWED_HOSTS[0] if PRODUCTION else 'qiyue.localhost'}/log",
    validate=validate.Regexp(r"[^\s+]+\Z"),
)
# Who seals the log: a thread of each server process, or only `manage.py work`.
WORKER_IN_SERVER = env.bool("QIYUE_WORKER_IN_SERVER", True)

# Who timestamps checkpoints (RFC 3161), the file of certificates that its own leads to, and how often at most, in seconds. A name
# or a password in the address would be kept and shown with every timestamp.
TIMESTAMP_AUTHORITY = env.str("QIYUE_TSA_URL", "", validate=validate.Regexp(r"(https?://[^\s@]{1,390})?\Z"))
TIMESTAMP_ROOTS = env.path("QIYUE_TSA_ROOTS") if TIMESTAMP_AUTHORITY else None
TIMESTAMP_EVERY = env.int("QIYUE_TSA_EVERY", 60, validate=validate.Range(min=1))
# The verifier keys of those who may cosign checkpoints.
WITNESSES = env.list("QIYUE_WITNESSES", [], subcast=str.strip)

DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024  # bytes; a text may have 5 MB
FILE_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024  # bytes

SIMPLE_HISTORY_REVERT_DISABLED = True

# Faults are told on standard error, with their traceback; requests are the proxy's to log.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"django": {"handlers": [], "propagate": True}},
}
