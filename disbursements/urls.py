from django.urls import URLPattern

app_name = "disbursements"
urlpatterns: list[URLPattern] = []
