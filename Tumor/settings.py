"""Settings of the site. Every difference between machines is an environment variable, and nothing else is.

The variables: ``DATABASE_URL``, ``DATA_DIR``, ``SECRET_KEY``, ``DEBUG``, ``ALLOWED_HOSTS``, ``CSRF_TRUSTED_ORIGINS``,
``HTTPS`` and ``TRUSTED_PROXY``. What they mean for an installation is told in ``docs/deployment.md``.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()


def _data_dir() -> Path:
    """Return the folder of everything that is kept; a relative one counts from the project's folder."""
    return (BASE_DIR / env.str("DATA_DIR", default="var")).resolve()


def _secret_key(data_dir: Path) -> str:
    """Return the key that signs sessions: from the environment, or made once and kept where only the owner reads it.

    Where the folder cannot be written, the key lasts as long as the process: ``manage.py check`` then has a chance to
    say what is wrong (``liver.E001``), which an error here would not leave it.
    """
    given = env.str("SECRET_KEY", default="")
    if given:
        return given
    path = data_dir / "secret_key"
    fresh = secrets.token_urlsafe(50)
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return _kept_key(path) if path.is_file() else fresh
    with os.fdopen(handle, "w") as file:
        file.write(fresh)
    return fresh


def _kept_key(path: Path) -> str:
    """Return the key in a file that another process may have opened a moment ago and not filled yet."""
    for _ in range(20):
        key = path.read_text(encoding="ascii").strip()
        if key:
            return key
        time.sleep(0.05)
    message = f"{path} is empty. Delete it, and a new key is made at the next start; everyone then signs in anew."
    raise ImproperlyConfigured(message)


def _database(data_dir: Path) -> dict[str, Any]:
    """Return the default database with the options that its kind needs."""
    database = env.db_url("DATABASE_URL", default=f"sqlite:///{(data_dir / 'liver.sqlite3').as_posix()}")
    options = database.setdefault("OPTIONS", {})
    if database["ENGINE"] == "django.db.backends.sqlite3":
        # Writers wait for each other instead of failing: the write lock is taken at the start of a transaction, where
        # SQLite honours the timeout, and readers never wait at all.
        options.setdefault("timeout", 20)
        options.setdefault("transaction_mode", "IMMEDIATE")
        options.setdefault("init_command", "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        # A file, because one database in memory cannot be written by the threads of a real server in a test.
        database["TEST"] = {"NAME": str(data_dir / "test.sqlite3")}
    elif database["ENGINE"] == "django.db.backends.mysql":
        import pymysql

        pymysql.install_as_MySQLdb()
        options.setdefault("charset", "utf8mb4")
        options.setdefault("collation", "utf8mb4_bin")
        options.setdefault("sql_mode", "STRICT_TRANS_TABLES")
        options.setdefault("isolation_level", "read committed")
        options.setdefault("connect_timeout", 10)
        database["TEST"] = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_bin"}
        # The server's threads live long: they keep their connection, and look whether it is still alive.
        database["CONN_MAX_AGE"] = 60
        database["CONN_HEALTH_CHECKS"] = True
    else:
        message = "DATABASE_URL must begin with sqlite:// or mysql://; no other database is supported."
        raise ImproperlyConfigured(message)
    return database


DATA_DIR = _data_dir()
MODEL_DIR = BASE_DIR / "model"
SECRET_KEY = _secret_key(DATA_DIR)
DEBUG = env.bool("DEBUG", default=False)
DATABASES = {"default": _database(DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "TumorApp.apps.TumorAppConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "TumorApp.middleware.TrustedProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "TumorApp.middleware.NoStoreMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "TumorApp.middleware.SessionRequiredMiddleware",
    "TumorApp.middleware.FirstPasswordMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "Tumor.urls"
WSGI_APPLICATION = "Tumor.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "TumorApp.context_processors.default_password",
            ]
        },
    }
]

# Accounts and sessions
AUTH_USER_MODEL = "TumorApp.Account"
LOGIN_URL = "AdminLogin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600  # seconds: a working day; the pages show patients' data
CSRF_COOKIE_SAMESITE = "Lax"

# Where the site is reached
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
TRUSTED_PROXY = env.list("TRUSTED_PROXY", default=[])
HTTPS = env.bool("HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by machines inside, often without TLS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Uploads: a file of the accepted size passes, more is cut off while it arrives (TumorApp.uploads says why).
FILE_UPLOAD_HANDLERS = [
    "TumorApp.uploads.CutOffHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FILES = 1

# Static files come straight from the application's folders: no collecting step, the same with DEBUG on and off.
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

# To the console, for whatever runs the server to keep. No request body, no patient's name, no file name is ever logged.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
