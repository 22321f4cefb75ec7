from django.urls import path

from reports import student
from reports.views import comparison, crossfoot, figures, handed_in, names, published, summary

app_name = "reports"
urlpatterns = [
    path("", figures.report, name="report"),
    path("names/", names.names, name="names"),
    path("names/export/", names.export_names, name="names-export"),
    path("compare/", comparison.compare, name="compare"),
    path("published/", published.published, name="published"),
    path("handed-in/", handed_in.index, name="handed-in-list"),
    path("handed-in/freeze/", handed_in.freeze, name="freeze"),
    path("handed-in/<int:pk>/", handed_in.page, name="handed-in"),
    path("handed-in/<int:pk>/names/", handed_in.names, name="handed-in-names"),
    path("handed-in/<int:pk>/differences/", handed_in.differences, name="handed-in-differences"),
    path("handed-in/<int:pk>/differences/export/", handed_in.export, name="handed-in-differences-export"),
    path("summary/", summary.index, name="summary"),
    path("summary/<int:year>/", summary.year, name="summary-year"),
    path("summary/<int:year>/problems/figures/", summary.problems, name="summary-problems"),
    path("summary/<int:year>/file/", summary.file, name="summary-file"),
    path("summary/<int:year>/<slug:section>/", summary.section, name="summary-section"),
    path("<str:scope>/", figures.report, name="report"),
    path("<str:scope>/export/", figures.export, name="export"),
    path("<str:scope>/print/", figures.paper, name="paper"),
    path("<str:scope>/allotted/", figures.allotted, name="allotted"),
    path("<str:scope>/crossfoot/", crossfoot.page, name="crossfoot"),
    path("<str:scope>/crossfoot/<int:number>/", crossfoot.rule, name="crossfoot-rule"),
]

student_urls = [path("<int:pk>/", student.student, name="student")]
"""A child's page lies beside the list of students, but shows what this stage alone may know."""
