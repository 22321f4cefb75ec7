"""How often something may be done by one address: for pages that are open without sign-in."""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Network, ip_address

from django.conf import settings
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Allowance
from common.keyring import ring


def allow(key: str, *, limit: int, per_seconds: int) -> bool:
    """Count one more act under `key` ("look-up 192.0.2.7"), and say whether it is within the limit.

    Windows are fixed: they begin with the clock, not with the first act. All processes count together, and of two at
    once that want the last place one gets it. The key itself is not kept, only a mark of it. Call it outside of a
    transaction that may be rolled back: the count would go with it.
    """
    now = timezone.now()
    window = int(now.timestamp()) // per_seconds
    mark = ring().fingerprint("limit", f"{key}|{per_seconds}|{window}")
    ends_at = datetime.fromtimestamp((window + 1) * per_seconds, tz=UTC)
    _row, is_first = Allowance.objects.get_or_create(mark=mark, defaults={"ends_at": ends_at})
    if is_first:
        Allowance.objects.filter(ends_at__lte=now).delete()
        return limit >= 1
    return bool(Allowance.objects.filter(mark=mark, used__lt=limit).update(used=F("used") + 1))


def address_of(request: HttpRequest) -> str:
    """Where a request comes from; behind the county's proxy what the proxy wrote last, never what a client says.

    Of IPv6 the network (/64): that much is one household's or one school's, and whoever has it has all its addresses.
    """
    if settings.HTTPS and (forwarded := request.headers.get("X-Forwarded-For", "")):
        return _place_of(forwarded.rsplit(",", 1)[-1].strip())
    return _place_of(str(request.META.get("REMOTE_ADDR", "")))


def _place_of(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:  # a socket's name, or nothing
        return address
    if isinstance(found, IPv4Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), _OF_ONE_HOUSE), strict=False))


_OF_ONE_HOUSE = 64
"""Bits."""
