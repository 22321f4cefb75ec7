"""Addresses of children, rosters, lists of other offices and the cross-check."""

from django.urls import path

from students.views import boards, county_files, crosschecks, enrollments, headings, registers, rosters, workbooks

app_name = "students"
urlpatterns = [
    path("", enrollments.index, name="list"),
    path("find/", enrollments.find, name="find"),
    path("<int:pk>/number/", enrollments.reveal, name="reveal"),
    path("rosters/", boards.board, name="rosters"),
    path("rosters/export/", boards.export, name="rosters-export"),
    path("rosters/remind/", boards.remind, name="roster-remind"),
    path("rosters/reopen/", boards.reopen, name="roster-reopen"),
    path("rosters/<int:pk>/send-back/", boards.send_back, name="roster-send-back"),
    path("rosters/upload/", rosters.upload, name="roster-upload"),
    path("rosters/template/", workbooks.template, name="roster-template"),
    path("rosters/<int:pk>/", rosters.roster, name="roster"),
    path("rosters/<int:pk>/difference/", rosters.difference, name="roster-difference"),
    path("rosters/<int:pk>/confirm/", rosters.confirm, name="roster-confirm"),
    path("rosters/<int:pk>/rows/", rosters.rows, name="roster-rows"),
    path("rosters/<int:pk>/correct/", rosters.correct, name="roster-correct"),
    path("rosters/<int:pk>/check-again/", rosters.check_again, name="roster-check-again"),
    path("rosters/<int:pk>/rest/", rosters.go_on_with_rest, name="roster-rest"),
    path("rosters/<int:pk>/marked/", workbooks.marked, name="roster-marked"),
    path("rosters/<int:pk>/discard/", rosters.discard, name="roster-discard"),
    path("rosters/county/", county_files.index, name="county-files"),
    path("rosters/county/upload/", county_files.upload, name="county-file-upload"),
    path("rosters/county/<int:pk>/", county_files.county_file, name="county-file"),
    path("rosters/county/<int:pk>/confirm/", county_files.confirm, name="county-file-confirm"),
    path("rosters/county/<int:pk>/discard/", county_files.discard, name="county-file-discard"),
    path("rosters/<int:pk>/mapping/", headings.mapping, name="roster-mapping"),
    path("rosters/headings/", headings.index, name="headings"),
    path("rosters/headings/schools/", headings.of_schools, name="school-headings"),
    path("rosters/headings/schools/<int:pk>/forget/", headings.forget, name="school-heading-forget"),
    path("rosters/headings/schools/<int:pk>/take-over/", headings.take_over, name="school-heading-take-over"),
    path("rosters/headings/<slug:field>/", headings.column, name="heading-column"),
    path("registers/", registers.index, name="registers"),
    path("registers/upload/", registers.upload, name="register-upload"),
    path("registers/<int:pk>/", registers.snapshot, name="snapshot"),
    path("registers/<int:pk>/withdraw/", registers.withdraw, name="snapshot-withdraw"),
    path("crosschecks/", crosschecks.index, name="crosschecks"),
    path("crosschecks/begin/", crosschecks.begin, name="crosscheck-begin"),
    path("crosschecks/<int:pk>/", crosschecks.show, name="crosscheck"),
    path("crosschecks/matches/<int:pk>/", crosschecks.match, name="match"),
    path("crosschecks/matches/<int:pk>/decide/", crosschecks.decide, name="match-decide"),
]
