"""What `manage.py check` says of the settings whose contents the environment alone cannot vouch for."""

from pathlib import Path
from typing import Any

from cryptography import x509
from django.conf import settings
from django.core.checks import Error, register
from django.core.exceptions import ImproperlyConfigured

from evidence.cosigning import witnesses


@register
def check_timestamp_roots(**_options: Any) -> list[Error]:
    """Receive Django's call: an authority that is asked needs roots that can be read."""
    if not settings.TIMESTAMP_AUTHORITY:
        return []
    if not settings.TIMESTAMP_ROOTS:
        return [Error("QIYUE_TSA_URL is set and QIYUE_TSA_ROOTS is not.", id="evidence.E001")]
    try:
        x509.load_pem_x509_certificates(Path(settings.TIMESTAMP_ROOTS).read_bytes())
    except (OSError, ValueError):
        return [Error("QIYUE_TSA_ROOTS does not name a PEM file with certificates.", id="evidence.E002")]
    return []


@register
def check_witnesses(**_options: Any) -> list[Error]:
    """Receive Django's call: every witness is a verifier key of the kind that cosigns."""
    try:
        witnesses()
    except ImproperlyConfigured as fault:
        return [Error(str(fault), id="evidence.E003")]
    return []
