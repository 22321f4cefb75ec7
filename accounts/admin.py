"""The stock back office, for administrators with staff rights: accounts to look at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.back_office import is_administrator
from accounts.models import User


class AdministratorsOnly:
    """Only the administrator's role counts here, whatever permissions an account carries."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(AdministratorsOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at; changes go through the account pages, which log them."""

    list_display = ("username", "name", "role", "school", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username", "name")
    list_select_related = ("school",)
    exclude = ("password", "user_permissions", "groups")
