"""Which schools a program concerns."""

from programs.models import Program
from schools.models import School, SchoolQuerySet


def teaching(schools: SchoolQuerySet, program: Program) -> SchoolQuerySet:
    """Those of these schools that work and teach one of the program's stages, in the order of lists."""
    found = schools.filter(is_active=True).teaching(stage.code for stage in program.stages.all())
    return School.objects.filter(pk__in=found.values("pk")).for_list()
