"""Django settings, read top to bottom. What a tenant may differ in is a field of Tenant or Host."""

from psycopg.conninfo import conninfo_to_dict

from hosting.console import navigation
from server import environment as env
from server.logs import configuration

BASE_DIR = env.ROOT
DATA_DIR = env.data_folder()

# --- the sandbox: what `make run` serves out of the box, and never under a public name by itself
SANDBOX = env.is_sandbox()
PORT = env.port("GROVE_PORT", env.WEB_PORT)
PUBLIC_URL = env.public_url()
ADMIN_PASSWORD = env.text("GROVE_ADMIN_PASSWORD")
INVITES_REQUIRED = env.text("GROVE_INVITES") == "required"
RATE_LIMITS = env.text("GROVE_RATE_LIMITS", "on") != "off"
RATE_LIMIT_BYPASS_KEY = env.text("GROVE_RATE_LIMIT_BYPASS_KEY")  # x-ratelimit-bypass
RATE_LIMIT_BYPASS_IPS = env.networks("GROVE_RATE_LIMIT_BYPASS_IPS")
# So many sign-ups at a host in ten minutes, and the others wait for its staff; 0: no limit
SIGN_UP_VELOCITY_LIMIT = env.number("GROVE_SIGN_UP_VELOCITY_LIMIT", 100 if RATE_LIMITS else 0)
# Apps whose people come to our captcha and go back with a code (accounts.pages.captcha.gate)
GATE_ORIGINS = env.origins("GROVE_GATE_ORIGINS") or ["https://bsky.app"]
XRPC_CHECK_OUTPUT = env.text("GROVE_CHECK_OUTPUT") == "on"  # answers against their lexicons

# --- the network around us
PLC_PORT = env.port("GROVE_PLC_PORT", 2582)
PLC_URL = env.text("GROVE_PLC_URL", f"http://localhost:{PLC_PORT}").rstrip("/")
PLC_TIMEOUT_S = 10.0  # one request to the directory
PLC_AWAIT_S = 25.0  # how long createAccount waits for the directory before it answers 504
RESOLVE_TIMEOUT_S = 3.0  # one question about a DID or a handle: DNS, well-known, directory
PERMISSION_SETS = "repos.lexicons.permission_sets.resolve"  # for accounts.oauth.scopes
LEXICON_RESOLUTION = env.text("GROVE_LEXICONS", "on") != "off"  # third parties' record types
# Name servers (`address` or `address:port`), instead of the machine's own; and further ones, asked
# when nothing else knew a handle.
DNS_SERVERS = env.words("GROVE_DNS_SERVERS")
DNS_BACKUP_SERVERS = env.words("GROVE_DNS_BACKUP_SERVERS")
# Accounts of a host that a relay takes before it throttles new ones; 0: nobody knows
RELAY_ALLOWANCE = env.number("GROVE_RELAY_ALLOWANCE", 100)
CRAWLERS = env.origins("GROVE_CRAWLERS")  # relays that are asked to read our hosts' firehoses

# --- the relay (relay/): a host name of its own, at which all hosts are one firehose; off without
RELAY_HOST = env.relay_host()
# Hosts that may send more: names, or suffixes with a dot in front
RELAY_TRUSTED = [each.lower() for each in env.words("GROVE_RELAY_TRUSTED")]
METRICS_TOKEN = env.text("GROVE_METRICS_TOKEN")  # who may read /metrics (relay.hosts.metrics)

# --- mail (hosting.mail): without a server it waits, or in a sandbox is captured for /dev/mail
SMTP_URL = env.text("GROVE_SMTP_URL")
# Another backend of Django's (a service's, by dotted name) and what its class is made with
MAIL_BACKEND = env.text("GROVE_MAIL_BACKEND")
MAIL_OPTIONS = env.options("GROVE_MAIL_OPTIONS")
EMAIL_BACKEND = MAIL_BACKEND or "hosting.mail.smtp.Backend"
EMAIL_TIMEOUT = 20  # of Django's own, where that is the backend
MAIL_FROM = env.text("GROVE_MAIL_FROM")  # empty: noreply@ the host's name
SIGN_UP_MAIL = env.text("GROVE_SIGN_UP_MAIL", "on") != "off"  # a code that confirms the address

# --- services that answer what a host does not (xrpc.proxy): URL and DID of each, or neither
APPVIEW_URL = env.text("GROVE_APPVIEW_URL").rstrip("/")  # unknown methods go there
APPVIEW_DID = env.text("GROVE_APPVIEW_DID")
APPVIEW_CDN = env.text("GROVE_APPVIEW_CDN")  # its images: a URL with {preset}, {did} and {cid}
REPORT_URL = env.text("GROVE_REPORT_URL").rstrip("/")  # else reports go to the hosts' own staff
REPORT_DID = env.text("GROVE_REPORT_DID")
MODERATION_URL = env.text("GROVE_MODERATION_URL").rstrip("/")  # answers tools.ozone.*
MODERATION_DID = env.text("GROVE_MODERATION_DID")

# --- whether platform staff give a reason before they see a tenant's people (docs/decisions/0053)
BREAK_GLASS = env.switch("GROVE_BREAK_GLASS", default=not SANDBOX)

# --- deletion: seconds between a deactivation and the deletion that it asked for, at the least.
# Whoever holds a stolen session can ask; its owner needs the time to come back.
DELETION_HOLD_S = env.number("GROVE_DELETION_HOLD", 0 if SANDBOX else 259_200)

# --- evidence of reports (moderation.desk.reports.evidence): how long, how much of it a host
EVIDENCE_DAYS = env.number("GROVE_EVIDENCE_DAYS", 180)  # after the latest report; 0: none is kept
EVIDENCE_BYTES = env.number("GROVE_EVIDENCE_BYTES", 10_000_000_000)

# --- what controllers did to accounts (accounts.delegation.log): how long it is kept
# #account events of a suspended tenant: a relay takes 20,000 of a host in a day
ANNOUNCEMENTS_PER_HOUR = env.number("GROVE_ANNOUNCEMENTS_PER_HOUR", 600)
PLC_UPDATES_PER_HOUR = env.number("GROVE_PLC_UPDATES_PER_HOUR", 600)  # of bulk work
DELEGATION_LOG_DAYS = env.number("GROVE_DELEGATION_LOG_DAYS", 180)

# --- sizes
BLOB_LIMIT_BYTES = env.number("GROVE_BLOB_LIMIT", 300_000_000)  # app.bsky.embed.video takes as much
BLOB_QUOTA_BYTES = env.number("GROVE_BLOB_QUOTA", 10_000_000_000)  # an account's; 0: none
FREE_SPACE_BYTES = env.number("GROVE_FREE_SPACE", 1_000_000_000)  # below it no uploads; 0: no floor
IMPORT_LIMIT_BYTES = env.number("GROVE_IMPORT_LIMIT", 1_073_741_824)
IMPORTS_WAITING_BYTES = env.number("GROVE_IMPORTS_WAITING", 10_737_418_240)  # CARs on the disk
IMPORTS = env.text("GROVE_IMPORTS", "on") != "off"
IMPORT_AWAIT_S = 240.0  # how long importRepo waits for a large import before it answers 504
# Archives for owners who want everything (repos.account_transfer.archives): days that one is kept,
# and bytes of them at a host, beyond which nobody there may ask for another
ARCHIVE_DAYS = env.number("GROVE_ARCHIVE_DAYS", 7)
ARCHIVES_BYTES = env.number("GROVE_ARCHIVES_BYTES", 50_000_000_000)
RECORD_PARTITIONS = env.number("GROVE_PARTITIONS", 1)  # 16 and more for a large Postgres

# --- secrets: created in the data folder on first start (server.encryption.secret_files) unless
# given
KEY_ENCRYPTION_KEYS = env.text("GROVE_KEK")  # "id:hex,id:hex", the first one wraps
SECRET_KEY_FILE = DATA_DIR / "secrets" / "django-secret-key"
KEK_FILE = DATA_DIR / "secrets" / "key-encryption-keys"


def _secret_key() -> str:
    if given := env.text("GROVE_SECRET_KEY"):
        return given
    try:
        return SECRET_KEY_FILE.read_text().strip()
    except OSError:
        # Only commands that need no signed cookie run without the file (`check`, `makemigrations`).
        return "unset-until-first-start"


SECRET_KEY = _secret_key()
DEBUG = False

# --- Django
ALLOWED_HOSTS = [
    "*"
]  # hosting.tenancy.routing decides, by the tenants' host names, and answers 404
ROOT_URLCONF = "hosting.urls"
WSGI_APPLICATION = "server.web.wsgi_handler.application"
ASGI_APPLICATION = "hosting.asgi.application"
AUTH_USER_MODEL = "hosting.StaffUser"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
# Offered where `locale/` has the catalogue (hosting.pages.languages)
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("pt-br", "Português (Brasil)"),
    ("ja", "日本語"),
    ("ar", "العربية"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
APPEND_SLASH = False

INSTALLED_APPS = [
    "hosting",
    "hosting.plc_directory",
    "hosting.mail",
    "accounts",
    "repos",
    "moderation",
    "provider",
    "relay",
    "xrpc",
    "unfold",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
]

# All that XRPC passes (server.web.wsgi_handler takes it straight to its view), and the well-known
# documents; PageMiddleware wraps the others, because sessions, CSRF and messages would cost a hot
# read a third of its time.
XRPC_MIDDLEWARE = ["hosting.pages.cors.CorsMiddleware", "hosting.tenancy.routing.HostMiddleware"]
MIDDLEWARE = [*XRPC_MIDDLEWARE, "hosting.tenancy.page_middleware.PageMiddleware"]
# Django's admin looks for its middleware in MIDDLEWARE; it is below.
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410"]
PAGE_MIDDLEWARE = [
    "hosting.pages.security_headers.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "hosting.pages.languages.LanguageMiddleware",
    "hosting.tenancy.busy.BusyPage",
    "hosting.tenancy.suspension.SuspendedPages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hosting.pages.languages.switch",
            ],
            "libraries": {
                "cell_labels": "hosting.console.cell_labels",
                "centre": "accounts.pages.centre.template_tags",
            },
        },
    }
]

# --- database: one persistent connection per thread (CONN_MAX_AGE=None), psycopg 3
DATABASE_URL = env.service_url("DATABASE_URL")


def _database(url: str) -> dict[str, object]:
    parts = conninfo_to_dict(url) if url else {"dbname": "grove"}
    options = {
        k: v for k, v in parts.items() if k not in {"dbname", "user", "password", "host", "port"}
    }
    return {
        "ENGINE": "server.database.backend",
        "NAME": parts.get("dbname", "grove"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": parts.get("port", ""),
        "CONN_MAX_AGE": None,
        # server.database.connection.drop_if_hung_up, once a request, is cheaper
        "CONN_HEALTH_CHECKS": False,
        # Values travel beside the SQL, so that the ORM's statements are prepared as well: Postgres
        # plans each once a connection.
        "OPTIONS": {
            "options": env.POSTGRES_OPTIONS,
            **options,
            "prepare_threshold": 1,
            "server_side_binding": True,
        },
    }


DATABASES = {"default": _database(DATABASE_URL)}

# --- Valkey: Celery's broker, caches, limits
VALKEY_URL = env.service_url("VALKEY_URL")

# --- Celery (hosting/celery.py); periodic work is listed in server/jobs/beat_schedule.py
# redis-py says unix:// to what Celery's transport calls redis+socket://.
CELERY_BROKER_URL = VALKEY_URL.replace("unix://", "redis+socket://", 1) or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    # A wake-up that finds no broker fails within milliseconds, not after kombu's six seconds:
    # whoever sends it can do the work.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
    "socket_connect_timeout": 2.0,
    "socket_timeout": 5.0,  # a broker that hangs is one that is away; workers poll each second
}

# --- blobs: Django's STORAGES; local disk by default, S3 when there is a bucket
S3_BUCKET = env.text("GROVE_S3_BUCKET")


def _blob_storage() -> dict[str, object]:
    if not S3_BUCKET:
        return {
            "BACKEND": "server.storage.local_files.DurableFiles",
            "OPTIONS": {"location": str(DATA_DIR / "blobs")},
        }
    options = {
        "bucket_name": S3_BUCKET,
        "endpoint_url": env.text("GROVE_S3_ENDPOINT") or None,
        "region_name": env.text("GROVE_S3_REGION") or None,
        "access_key": env.text("GROVE_S3_ACCESS_KEY") or None,  # else as boto3 finds them
        "secret_key": env.text("GROVE_S3_SECRET_KEY") or None,
        "location": env.text("GROVE_S3_PREFIX"),
    }
    return {"BACKEND": "server.storage.s3.StreamingS3", "OPTIONS": options}


STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "files")},
    },
    "blobs": _blob_storage(),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Who looks at an upload before it is kept (repos.blobs.scanning): dotted names, in order
BLOB_SCANNERS = env.words("GROVE_BLOB_SCANNERS")
BLOB_SCANNER_URL = env.text("GROVE_BLOB_SCANNER_URL")
BLOB_SCANNER_TIMEOUT_S = env.number("GROVE_BLOB_SCANNER_TIMEOUT", 20)
BLOB_SCANNER_FAILS_OPEN = env.text("GROVE_BLOB_SCANNER_FAILS", "closed") == "open"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# --- passwords: argon2id m=19 MiB t=2 p=1 (OWASP; 23 ms on one core); scrypt for imported accounts
PASSWORD_HASHERS = [
    "accounts.authentication.passwords.Argon2id",
    "accounts.authentication.passwords.Scrypt",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- cookies
_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_ENGINE = "hosting.console.sessions"
# `__Host-`: no site beside ours under the same domain can plant one.
SESSION_COOKIE_NAME = "__Host-grove-staff" if _HTTPS else "grove-staff"
CSRF_COOKIE_NAME = "__Host-csrftoken" if _HTTPS else "csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
LOGIN_URL = "/console/login/"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 100 * 1024  # of a form; none of ours has a tenth of that

REST_FRAMEWORK = {
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Grove",
    "DESCRIPTION": "What a provider and its tenants do by program.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "APPEND_COMPONENTS": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    },
    "SECURITY": [{"token": []}],
    "AUTHENTICATION_WHITELIST": [],
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
}

LOGGING_CONFIG = None  # one for all processes, those without Django too
configuration.configure()

# --- the console: django-unfold's lists and widgets in templates of our own (docs/decisions/0010);
# its site is hosting.console.site, its pages come from the packages above
UNFOLD = navigation.UNFOLD
