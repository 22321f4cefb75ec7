"""The lists that county staff bring as sheets: towns, and schools."""

from accounts.imports import List
from schools.resources import SchoolResource, TownResource

TOWNS = List(resource=TownResource, required=("代码", "名称"), added="town.added", changed="town.changed")
SCHOOLS = List(
    resource=SchoolResource,
    required=("学校标识码", "学校名称", "乡镇", "学校类型"),
    added="school.added",
    changed="school.changed",
)
