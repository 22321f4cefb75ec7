"""The stock back office: for the administrator's role, whatever else an account carries."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.back_office import BackOffice
from common.roles import Role
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

OTHERS = [role for role in Role if role != Role.ADMIN]


def pages():
    return [reverse("admin:index")] + [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
    ]


def in_front_of(**fields):
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True, **fields))
    return client


def test_is_our_site_with_towns_and_accounts():
    assert isinstance(admin.site._wrapped if hasattr(admin.site, "_wrapped") else admin.site, BackOffice)
    assert {"User", "Town", "School"} <= {model.__name__ for model in admin.site._registry}


def test_opens_every_table_to_the_administrator():
    client = in_front_of(role=Role.ADMIN)

    assert {page: client.get(page).status_code for page in pages()} == dict.fromkeys(pages(), 200)


@pytest.mark.parametrize("role", OTHERS)
def test_opens_none_to_another_role_with_every_permission(role):
    client = in_front_of(role=role)

    assert {page: client.get(page, follow=True).status_code for page in pages()} == dict.fromkeys(pages(), 403)


@pytest.mark.parametrize("role", OTHERS)
def test_changes_nothing_for_another_role_with_every_permission(role):
    client = in_front_of(role=role)

    answer = client.post(reverse("admin:schools_town_add"), {"code": "411625101", "name": "城关镇", "position": 0})

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("admin:login"))


def test_sends_nobody_to_the_one_sign_in_page_and_back():
    answer = Client().get(reverse("admin:index"), follow=True)

    assert answer.redirect_chain[-1][0] == f"{reverse('login')}?next={reverse('admin:index')}"
