"""The pages of publicity and objections, and what anybody may read and say without sign-in."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Action
from common import workdays
from programs import objections, publicity
from programs.choices import AwardState, ObjectionState
from programs.models import Notice, NoticePhoto, Objection
from tests import factories as make
from tests.programs.test_publicity import JPEG, PNG

pytestmark = pytest.mark.django_db


def words(answer):
    return answer.content.decode()


@pytest.fixture
def notice():
    """A class of three on a list that is up today."""
    award_list = make.AwardListFactory(published=True)
    make.AwardFactory.create_batch(3, list=award_list, enrollment__school=award_list.school)
    today = timezone.localdate()
    return make.NoticeFactory(list=award_list, starts_on=today, ends_on=workdays.last_day(today, 6), working_days=6)


@pytest.fixture
def award(notice):
    return notice.list.awards.order_by("pk")[0]


def public(notice):
    return reverse("programs:public", args=[notice.token])


def speak(notice, award):
    return reverse("programs:public-objection", args=[notice.token, publicity.ref_of(notice, award.pk)])


SAID = {"words": "该生家里有门面房两间", "person": "李建国", "contact": "13800001111"}


class TestNotice:
    def test_gives_the_whole_link_and_the_square_code(self, as_role, notice):
        client = as_role("preparer")

        page = words(client.get(notice.get_absolute_url()))
        sheet = words(client.get(reverse("programs:notice-sheet", args=[notice.pk])))

        assert f'value="http://testserver{public(notice)}"' in page
        assert "<svg" in sheet.split('class="qr"')[1]

    def test_leads_families_to_the_address_that_the_office_chose(self, as_role, notice, settings):
        settings.PUBLIC_ADDRESS = "https://zizhu.example.cn/"

        page = words(as_role("preparer").get(notice.get_absolute_url()))

        assert f'value="https://zizhu.example.cn{public(notice)}"' in page

    def test_is_listed_while_it_lacks_a_photo(self, as_role, notice):
        proved = make.NoticePhotoFactory().notice

        page = as_role("preparer").get(f"{reverse('programs:notices')}?photo=missing")

        assert list(page.context["page"]) == [notice]
        assert proved not in page.context["page"]

    def test_says_that_a_photo_is_missing_before_it_is_taken_down(self, as_role, notice):
        page = words(as_role("preparer").get(reverse("programs:notice-take-down", args=[notice.pk])))

        assert "还没有上传公示栏照片" in page

    def test_on_paper_names_basis_period_complaints_and_room_for_the_seal(self, as_role, notice):
        sheet = words(
            as_role("school", school=notice.list.school).get(reverse("programs:notice-sheet", args=[notice.pk]))
        )

        award = notice.list.awards.first()
        facts = (award.standard.document_no, award.student.name, "6个工作日", "拟资助名单公示")
        for expected in (*facts, "监督电话", "受理地址", "公示单位（盖章）"):
            assert expected in sheet

    @pytest.mark.parametrize("role", ["preparer", "approver", "school", "auditor"])
    @pytest.mark.parametrize("is_down", [False, True], ids=["still up", "down"])
    def test_on_paper_names_nobody_once_its_days_are_over(self, as_role, notice, role, is_down):
        client = as_role(role, school=notice.list.school if role == "school" else None)
        over = {"starts_on": notice.starts_on - timedelta(days=20), "ends_on": notice.starts_on - timedelta(days=1)}
        down = {"state": "down", "result": "无异议", "taken_down_at": timezone.now()} if is_down else {}
        Notice.objects.filter(pk=notice.pk).update(**over, **down)

        sheet = words(client.get(reverse("programs:notice-sheet", args=[notice.pk])))

        assert "公示已经结束，名单不再打印" in sheet
        assert not any(award.student.name in sheet for award in notice.list.awards.select_related("student"))
        assert ("打印公示结果说明" in words(client.get(notice.get_absolute_url()))) == is_down

    def test_on_paper_can_be_made_ready_before_its_first_day(self, as_role, notice):
        first = notice.starts_on + timedelta(days=3)
        Notice.objects.filter(pk=notice.pk).update(starts_on=first, ends_on=workdays.last_day(first, 6))

        sheet = words(as_role("preparer").get(reverse("programs:notice-sheet", args=[notice.pk])))

        assert notice.list.awards.first().student.name in sheet

    def test_on_paper_calls_a_supplementary_list_by_its_number(self, as_role, notice):
        type(notice.list).objects.filter(pk=notice.list_id).update(number=3)

        sheet = words(as_role("preparer").get(reverse("programs:notice-sheet", args=[notice.pk])))

        assert "拟资助补充名单（第2份）公示" in sheet


class TestResult:
    def down(self, notice):
        Notice.objects.filter(pk=notice.pk).update(state="down", result="无异议", taken_down_at=timezone.now())
        return reverse("programs:notice-result", args=[notice.pk])

    def test_waits_for_the_end(self, as_role, notice):
        page = words(as_role("preparer").get(reverse("programs:notice-result", args=[notice.pk])))

        assert "公示还没有结束" in page

    def test_says_that_nobody_objected(self, as_role, notice):
        assert "公示无异议" in words(as_role("preparer").get(self.down(notice)))

    def test_counts_what_was_not_taken_up(self, as_role, notice, award):
        sent = objections.send_in(notice, award, words="便宜办证请联系", at=timezone.now(), person="李建国")
        objections.dismiss(sent, words="李建国发的广告", by=make.UserFactory(), at=timezone.now())

        page = words(as_role("preparer").get(self.down(notice)))

        sheet = page.split("<article")[1].split("</article>")[0]
        assert "收到反映1件，其中经县学生资助管理中心审核不予受理1件，受理0件" in sheet
        assert "公示无异议" in sheet
        assert "李建国" not in sheet

    def test_says_how_objections_ended_without_a_name(self, as_role, notice, award):
        objection = objections.raise_objection(
            notice, award, words="李建国说他家有车", by=make.UserFactory(), at=timezone.now(), person="李建国"
        )
        objections.answer(
            objection, is_upheld=True, answer=f"{award.student.name}家有车", by=make.UserFactory(), at=timezone.now()
        )

        page = words(as_role("preparer").get(self.down(notice)))

        sheet = page.split("<article")[1].split("</article>")[0]
        assert "异议1件" in sheet
        assert "成立，已移出" in sheet
        for child in notice.list.awards.values_list("student__name", flat=True):
            assert child not in sheet
        assert "李建国" not in sheet


class TestPhotos:
    def upload(self, client, notice, *files):
        return client.post(
            reverse("programs:notice-photos", args=[notice.pk]),
            {"photos": [SimpleUploadedFile(name, content) for name, content in files], "taken_on": notice.starts_on},
        )

    def test_are_uploaded_several_at_once(self, as_role, notice):
        answer = self.upload(as_role("school", school=notice.list.school), notice, ("a.jpg", JPEG), ("b.png", PNG))

        assert answer.status_code == 302
        assert NoticePhoto.objects.filter(notice=notice).count() == 2

    def test_that_are_none_are_refused_in_words_and_none_is_kept(self, as_role, notice):
        answer = self.upload(as_role("preparer"), notice, ("a.jpg", JPEG), ("b.jpg", b"%PDF-1.7"))

        assert "“b.jpg”不是 JPG 或 PNG 照片。" in words(answer)
        assert not NoticePhoto.objects.exists()

    def test_are_asked_for(self, as_role, notice):
        assert self.upload(as_role("preparer"), notice).context["form"].errors.keys() == {"photos"}

    @pytest.mark.parametrize("role", ["preparer", "approver", "school", "auditor"])
    def test_are_handed_out_as_they_came_to_be_kept(self, as_role, notice, role):
        photo = make.NoticePhotoFactory(notice=notice)
        client = as_role(role, school=notice.list.school if role == "school" else None)

        answer = client.get(reverse("programs:notice-photo", args=[photo.pk]))

        assert answer.content.startswith(JPEG[:4])
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert Action.objects.filter(verb="file.downloaded", actor=client.user).exists()

    def test_are_never_public(self, client, notice):
        photo = make.NoticePhotoFactory(notice=notice)

        answer = client.get(reverse("programs:notice-photo", args=[photo.pk]))

        assert (answer.status_code, answer.headers["Location"][:7]) == (302, "/login/")
        assert "photos/" not in words(client.get(public(notice)))


class TestPublicPage:
    def test_is_kept_by_nobody_and_tells_no_other_site(self, client, notice):
        for address in (public(notice), speak(notice, notice.list.awards.first())):
            headers = client.get(address).headers
            assert "noindex" in headers["X-Robots-Tag"]
            assert headers["Cache-Control"] == "no-store"
            assert headers["Referrer-Policy"] == "same-origin"

    def test_has_pages_where_a_school_is_big(self, client, notice):
        make.AwardFactory.create_batch(99, list=notice.list, enrollment__school=notice.list.school)

        first, second = client.get(public(notice)), client.get(f"{public(notice)}?page=2")

        assert [len(answer.context["rows"]) for answer in (first, second)] == [100, 2]
        assert second.context["rows"][0].number == 101
        assert "共 <b>102</b> 人次" in words(second)

    @pytest.mark.parametrize("is_early", [True, False])
    def test_says_plainly_that_it_is_not_its_time(self, client, notice, is_early, award):
        move = timedelta(days=30 if is_early else -30)
        Notice.objects.filter(pk=notice.pk).update(starts_on=notice.starts_on + move, ends_on=notice.ends_on + move)

        for address in (public(notice), speak(notice, award)):
            answer = client.get(address)
            assert answer.status_code == (404 if is_early else 410)
            assert ("公示还没有开始" if is_early else "公示已经结束") in words(answer)
            assert award.student.name not in words(answer)
        assert client.post(speak(notice, award), SAID).status_code == (404 if is_early else 410)
        assert not Objection.objects.exists()

    def test_names_no_key_of_a_row(self, client, notice):
        """Only the notice's token and a line's mark lead anywhere."""
        links = re.findall(r'(?:href|action)="(/programs/[^"]*)"', words(client.get(public(notice))))

        assert len(links) == 3
        assert all(re.fullmatch(r"/programs/public/[0-9a-f]{32}/[0-9a-f]{24}/", link) for link in links)


class TestSpeakingUp:
    def test_waits_for_an_officer_and_holds_nothing(self, client, notice, award):
        answer = client.post(speak(notice, award), SAID, follow=True)

        assert "您反映的情况已收到" in words(answer)
        objection = Objection.objects.get()
        assert (objection.state, objection.award, objection.person) == (ObjectionState.UNSEEN, award, "李建国")
        award.refresh_from_db()
        assert award.state == AwardState.PROPOSED

    def test_needs_no_name(self, client, notice, award):
        client.post(speak(notice, award), {"words": SAID["words"]})

        assert not Objection.objects.get().is_named

    @pytest.mark.parametrize(
        "said", ["", "假的", "便宜贷款请看 http://spam.example", "加微信 WWW.spam.example", "长" * 501]
    )
    def test_takes_neither_nothing_nor_links_nor_books(self, client, notice, award, said):
        answer = client.post(speak(notice, award), {**SAID, "words": said})

        assert answer.context["form"].errors.keys() == {"words"}
        assert not Objection.objects.exists()

    def test_is_refused_in_words_when_it_comes_too_often(self, client, notice, award):
        for _each in range(objections.FROM_ONE_ADDRESS["limit"]):
            client.post(speak(notice, award), SAID)

        answer = client.post(speak(notice, award), SAID)

        assert answer.status_code == 429
        assert "提交得太频繁了" in words(answer)
        assert Objection.objects.count() == objections.FROM_ONE_ADDRESS["limit"]
        Client(REMOTE_ADDR="192.0.2.77").post(speak(notice, award), SAID)
        assert Objection.objects.count() == objections.FROM_ONE_ADDRESS["limit"] + 1

    def test_is_not_taken_against_a_line_that_is_not_public(self, client, notice, award):
        address = speak(notice, award)
        objections.raise_objection(notice, award, words="有车", by=make.UserFactory(), at=timezone.now())

        assert client.get(address).status_code == 404
        assert client.get(reverse("programs:public-objection", args=[notice.token, str(award.pk)])).status_code == 404

    def test_is_guarded_like_every_form(self, notice, award):
        assert Client(enforce_csrf_checks=True).post(speak(notice, award), SAID).status_code == 403


class TestObjection:
    @pytest.fixture
    def sent(self, notice, award):
        return objections.send_in(notice, award, **SAID, at=timezone.now())

    def test_from_the_page_is_told_to_the_school_and_the_county(self, as_role, sent):
        school = as_role("school", school=sent.notice.list.school)

        for client in (school, as_role("preparer")):
            page = words(client.get(reverse("programs:notices")))
            assert "有 1 件网页异议等待受理" in page
        assert "等待受理" not in words(as_role("school").get(reverse("programs:notices")))

    def test_is_taken_up_looked_into_and_answered(self, as_role, sent, award):
        school, county = as_role("school", school=award.school), as_role("preparer")

        school.post(reverse("programs:objection-take-up", args=[sent.pk]))
        school.post(reverse("programs:objection-step", args=[sent.pk]), {"words": "已问班主任"})
        assert "已问班主任" in words(county.get(sent.get_absolute_url()))
        county.post(reverse("programs:objection-answer", args=[sent.pk]), {"is_upheld": "yes", "answer": "属实"})

        page = words(county.get(sent.get_absolute_url()))
        award.refresh_from_db()
        assert award.state == AwardState.DROPPED
        assert "新学生进入补充名单" in page

    def test_is_proposed_for_dismissal_by_the_school_and_dismissed_by_the_county(self, as_role, sent, award):
        school, county = as_role("school", school=award.school), as_role("preparer")
        dismiss = reverse("programs:objection-dismiss", args=[sent.pk])

        assert school.post(dismiss, {"words": "广告"}).status_code == 403
        assert dismiss not in words(school.get(sent.get_absolute_url()))
        school.post(reverse("programs:objection-propose", args=[sent.pk]), {"words": "是办证的广告"})

        sent.refresh_from_db()
        assert sent.state == ObjectionState.UNSEEN
        assert "学校建议不予受理" in words(county.get(reverse("programs:objections")))
        assert "是办证的广告" in words(county.get(dismiss))
        county.post(dismiss, {"words": "广告"})
        sent.refresh_from_db()
        assert sent.state == ObjectionState.DISMISSED

    def test_several_are_dismissed_by_the_county_at_once(self, as_role, sent, notice, award):
        other = objections.send_in(notice, award, words="便宜办证请联系", at=timezone.now())
        raised = objections.raise_objection(notice, award, words="有车", by=make.UserFactory(), at=timezone.now())
        ids = {"ids": [sent.pk, other.pk, raised.pk, "9" * 5000]}
        client, address = as_role("preparer"), reverse("programs:objections-dismiss")

        assert list(client.post(address, ids).context["ticked"]) == [other, sent]
        assert "请先勾选" in words(client.post(address, follow=True))
        assert client.post(address, ids | {"sure": "1"}).context["form"].errors.keys() == {"words"}
        answer = client.post(address, ids | {"sure": "1", "words": "广告"}, follow=True)

        assert "已把 2 / 2 件记为不予受理" in words(answer)
        assert set(Objection.objects.in_state(ObjectionState.DISMISSED)) == {sent, other}
        assert as_role("school", school=award.school).post(address, ids).status_code == 403

    def test_that_is_late_is_listed_for_the_county(self, as_role, sent):
        today = timezone.localdate()
        late = make.ObjectionFactory(due_on=today - timedelta(days=1), award__enrollment__term=sent.award.term)
        client = as_role("preparer")

        page = client.get(f"{reverse('programs:objections')}?due=overdue")

        assert list(page.context["page"]) == [late]
        assert "已超期" in words(page)
        assert "有 1 件异议超过期限没有办结" in words(client.get(reverse("programs:notices")))

    def test_is_found_by_where_it_stands(self, as_role, sent):
        make.ObjectionFactory(award__enrollment__term=sent.award.term)

        page = as_role("auditor").get(f"{reverse('programs:objections')}?tab=unseen")

        assert list(page.context["page"]) == [sent]
        assert {tab.key: tab.count for tab in page.context["tabs"]} == {
            "": 2, "unseen": 1, "open": 1, "upheld": 0, "refuted": 0, "dismissed": 0
        }  # fmt: skip

    @pytest.mark.parametrize("role", ["preparer", "school", "auditor"])
    def test_shows_who_said_it_masked(self, as_role, sent, role):
        client = as_role(role, school=sent.award.school if role == "school" else None)

        page = words(client.get(sent.get_absolute_url()))

        assert "李*国" in page
        assert "138****1111" in page
        assert "李建国" not in page
        assert "13800001111" not in page
        assert ("objection-person" in page or "/person/" in page) == (role != "auditor")

    @pytest.mark.parametrize("role", ["preparer", "school"])
    def test_shows_it_whole_for_a_purpose_once(self, as_role, sent, role):
        client = as_role(role, school=sent.award.school if role == "school" else None)
        address = reverse("programs:objection-person", args=[sent.pk])

        assert "13800001111" not in words(client.get(address))
        assert "13800001111" not in words(client.post(address, {"purpose": "curiosity"}))
        assert "13800001111" in words(client.post(address, {"purpose": "reply"}))
        assert "13800001111" not in words(client.get(address))
        assert Action.objects.get(verb="objection.person-revealed").actor == client.user
