"""How the log is: what waits to be sealed, its key, its timestamps and witnesses; and the sentences that say so on pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Count, Max, Min, TextChoices
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from evidence.cosigning import witnesses
from evidence.errors import TimestampFault
from evidence.keys import configured_keys
from evidence.log import unsealed
from evidence.models import Checkpoint, Cosignature, LogKey, TimestampAttempt
from evidence.timestamping import authority, turn, waiting

# After this an entry or a checkpoint that still waits is worth a warning.
PATIENCE = timedelta(seconds=60)


class KeyState(TextChoices):
    """What the configured signing keys are worth here."""

    GOOD = "good", gettext_lazy("签名密钥可用。")
    NOT_MADE = "not made yet", gettext_lazy("本机没有签名密钥；首次封存时生成。")
    UNREADABLE = "unreadable", gettext_lazy("无法读取签名密钥，日志不能封存。")
    NOT_INTRODUCED = "not introduced", gettext_lazy("配置的签名密钥不是日志启用过的密钥，日志不能封存。")


class TimestampState(TextChoices):
    """How it goes with the timestamps."""

    NONE_CONFIGURED = "none configured"
    WAITING = "waiting"
    GOOD = "good"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Timestamps:
    """How it goes with the configured authority.

    `checkpoint` and `stamped_at` are of its last success. `since`, `reason` (plain English) and `next_at` (None: at once) are
    of a failure that lasts. `overdue` is how long the newest checkpoint has been due without anybody asking.
    """

    state: TimestampState
    authority: str = ""
    checkpoint: int | None = None
    stamped_at: datetime | None = None
    since: datetime | None = None
    reason: str = ""
    next_at: datetime | None = None
    overdue: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Witness:
    """A configured witness, when its last cosignature came, and the newest checkpoint that it cosigned."""

    verifier_key: str
    cosigned_at: datetime | None
    checkpoint: int | None


@dataclass(frozen=True, slots=True)
class Health:
    """How the log is at one moment. `unsealed_for` is the age of the oldest entry that waits."""

    unsealed: int
    unsealed_for: timedelta
    checkpoint: int | None
    size: int
    checkpoint_at: datetime | None
    key: KeyState
    timestamps: Timestamps
    witnesses: tuple[Witness, ...]

    def warnings(self) -> list[str]:
        """Return what an operator should look at, in plain English."""
        told = []
        if self.unsealed_for > PATIENCE:
            told.append(
                f"{self.unsealed} log entries are not sealed; the oldest has waited {_seconds(self.unsealed_for)} seconds."
            )
        if self.key == KeyState.UNREADABLE:
            told.append("The signing key of the log cannot be read (QIYUE_LOG_KEY, QIYUE_LOG_KEY_FILE).")
        if self.key == KeyState.NOT_INTRODUCED:
            told.append("The log has introduced other signing keys than the one that is configured.")
        stamps = self.timestamps
        if stamps.state == TimestampState.FAILING:
            told.append(f"Timestamps have failed since {stamps.since.isoformat()}: {stamps.reason}.")
        if stamps.overdue > PATIENCE:
            told.append(
                f"Nobody asks for the timestamp that has been due for {_seconds(stamps.overdue)} seconds: is a worker running?"
            )
        return told

    def as_json(self) -> dict[str, object]:
        """Return the same as values of JSON; times are ISO 8601, ages seconds."""
        stamps = self.timestamps
        return {
            "unsealed": self.unsealed,
            "unsealed_for": _seconds(self.unsealed_for),
            "checkpoint": {"number": self.checkpoint, "size": self.size, "at": _iso(self.checkpoint_at)},
            "key": self.key.value,
            "timestamps": {
                "state": stamps.state.value,
                "authority": stamps.authority,
                "checkpoint": stamps.checkpoint,
                "stamped_at": _iso(stamps.stamped_at),
                "failing_since": _iso(stamps.since),
                "reason": stamps.reason,
                "next_at": _iso(stamps.next_at),
                "overdue": _seconds(stamps.overdue),
            },
            "witnesses": [
                {
                    "verifier_key": witness.verifier_key,
                    "cosigned_at": _iso(witness.cosigned_at),
                    "checkpoint": witness.checkpoint,
                }
                for witness in self.witnesses
            ],
        }


def health(*, at: datetime) -> Health:
    """Return how the log is at `at`."""
    newest = Checkpoint.objects.order_by("-number").first()
    waits = unsealed(at=at, sweep=False).order_by().aggregate(count=Count("pk"), oldest=Min("at"))
    return Health(
        unsealed=waits["count"],
        unsealed_for=_since(waits["oldest"], at),
        checkpoint=newest.number if newest else None,
        size=newest.size if newest else 0,
        checkpoint_at=newest.at if newest else None,
        key=_key_state(),
        timestamps=timestamps(at=at),
        witnesses=_witnesses(),
    )


def timestamps(*, at: datetime) -> Timestamps:
    """Return how it goes with the timestamps at `at`."""
    if not settings.TIMESTAMP_AUTHORITY:
        return Timestamps(TimestampState.NONE_CONFIGURED)
    now = turn()
    first = last = None
    if now.failing:
        first, last = now.failing
    unstamped = waiting()
    due = max(unstamped.at, now.next_at or unstamped.at) if unstamped else None
    quiet = TimestampState.GOOD if now.stamped else TimestampState.WAITING
    return Timestamps(
        TimestampState.FAILING if last else quiet,
        authority(),
        checkpoint=now.stamped.checkpoint_id if now.stamped else None,
        stamped_at=now.stamped.stamped_at if now.stamped else None,
        since=first.at if first else None,
        reason=last.error if last else "",
        next_at=now.next_at if last else None,
        overdue=_since(due, at),
    )


def _since(then: datetime | None, at: datetime) -> timedelta:
    return max(at - then, timedelta(0)) if then else timedelta(0)


def _seconds(age: timedelta) -> int:
    return int(age.total_seconds())


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _key_state() -> KeyState:
    try:
        ours = {str(key.verifier) for key in configured_keys()}
    except ImproperlyConfigured:
        return KeyState.UNREADABLE
    if not ours:
        return KeyState.NOT_MADE
    known = set(LogKey.objects.values_list("verifier_key", flat=True))
    return KeyState.NOT_INTRODUCED if known and not ours & known else KeyState.GOOD


def _witnesses() -> tuple[Witness, ...]:
    try:
        keys = [str(key) for key in witnesses()]
    except ImproperlyConfigured:  # `manage.py check` says so.
        return ()
    last = {
        row["witness_key"]: row
        for row in Cosignature.objects.filter(witness_key__in=keys)
        .values("witness_key")
        .annotate(at=Max("received_at"), on=Max("checkpoint"))
    }
    return tuple(Witness(key, last.get(key, {}).get("at"), last.get(key, {}).get("on")) for key in keys)


def timestamp_sentence(stamps: Timestamps) -> str:
    """Return how it goes with the timestamps, as a page says it to its reader."""
    values = {
        "authority": stamps.authority,
        "checkpoint": stamps.checkpoint,
        "at": moment(stamps.stamped_at),
        "since": moment(stamps.since),
        "reason": reason_label(stamps.reason),
        "seconds": _seconds(stamps.overdue),
    }
    told = {
        TimestampState.NONE_CONFIGURED: _("没有配置时间戳机构：检查点没有可信时间戳，其中的时间只是本站时钟的时间。"),
        TimestampState.WAITING: _("时间戳机构 %(authority)s 尚未签发过时间戳。"),
        TimestampState.GOOD: _(
            "时间戳机构 %(authority)s 最近为检查点 %(checkpoint)s 签发了时间戳，所示时间为 %(at)s。"
        ),
        TimestampState.FAILING: _(
            "自 %(since)s 起未能从时间戳机构 %(authority)s 取得时间戳，将自动重试。原因：%(reason)s。"
        ),
    }[stamps.state]
    if stamps.overdue > PATIENCE:
        told += _("最新的检查点应当请求时间戳已有 %(seconds)s 秒，仍未请求。")
    return told % values


def stamp_sentence(stamp: TimestampAttempt | None, stamps: Timestamps) -> str:
    """Return what the timestamp of one checkpoint says, or that there is none yet, and how it goes with timestamps."""
    if stamp is None:
        return _("这个检查点还没有时间戳。%(state)s") % {"state": timestamp_sentence(stamps)}
    return _("时间戳机构 %(authority)s 证明：这个检查点在 %(at)s 已经存在。") % {
        "authority": stamp.authority,
        "at": moment(stamp.stamped_at),
    }


def reason_label(reason: str) -> str:
    """Return a kept reason in the reader's language, as far as it is one of ours; the rest is the authority's own words."""
    fault, colon, detail = reason.partition(": ")
    return f"{TimestampFault(fault).label}{colon}{detail}" if fault in TimestampFault.values else reason


def moment(at: datetime | None) -> str:
    """Return a time to the second in the site's time zone, with its offset; '' for none."""
    if at is None:
        return ""
    local = localtime(at)
    return f"{local:%Y-%m-%d %H:%M:%S} (UTC{local.isoformat()[-6:]})"
