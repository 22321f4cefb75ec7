"""The first page after sign-in, by role."""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.access import EVERYONE, SignedInRequest, needs


@needs(*EVERYONE)
def home(request: SignedInRequest) -> HttpResponse:
    return render(request, "aidcenter/home.html")
