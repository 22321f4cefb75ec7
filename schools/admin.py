"""The administrator's back office for the rows of this stage; county staff keep towns, schools and terms on pages."""

from typing import TYPE_CHECKING

from django.contrib import admin

from schools.models import Grade, School, SchoolKind, Stage, Term, Town

if TYPE_CHECKING:
    _TownAdmin = admin.ModelAdmin[Town]
    _StageAdmin = admin.ModelAdmin[Stage]
    _GradeAdmin = admin.ModelAdmin[Grade]
    _SchoolKindAdmin = admin.ModelAdmin[SchoolKind]
    _SchoolAdmin = admin.ModelAdmin[School]
    _TermAdmin = admin.ModelAdmin[Term]
else:
    _TownAdmin = _StageAdmin = _GradeAdmin = _SchoolKindAdmin = _SchoolAdmin = _TermAdmin = admin.ModelAdmin


@admin.register(Town)
class TownAdmin(_TownAdmin):
    list_display = ("name", "code", "is_county_town", "position")


@admin.register(Stage)
class StageAdmin(_StageAdmin):
    list_display = ("name", "code", "is_compulsory", "position")


@admin.register(Grade)
class GradeAdmin(_GradeAdmin):
    list_display = ("name", "stage", "youngest", "oldest", "position")
    list_filter = ("stage",)
    list_select_related = ("stage",)


@admin.register(SchoolKind)
class SchoolKindAdmin(_SchoolKindAdmin):
    list_display = ("name", "code", "position")


@admin.register(School)
class SchoolAdmin(_SchoolAdmin):
    list_display = ("name", "code", "town", "kind", "is_active")
    list_filter = ("is_active", "kind")
    list_select_related = ("town", "kind")
    search_fields = ("name", "code")


@admin.register(Term)
class TermAdmin(_TermAdmin):
    list_display = ("code", "starts_on", "ends_on", "roster_due_on", "state")
