"""The stock back office as a site: the administrator's role opens it, no permission of an account does."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from common.roles import Role


def is_administrator(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff and getattr(request.user, "role", "") == Role.ADMIN


class BackOffice(AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request)
