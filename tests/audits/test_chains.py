"""The whole way of one award: each step with its record, person and moment, and a mark where something is missing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import actions
from audits.chains import chains
from programs.models import RecognitionList
from students import crosscheck_figures
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def chain_of(award):
    (found,) = chains([award.pk])
    return found


def facts(award, step=None):
    return [fact for each in chain_of(award).steps for fact in each.facts if step is None or each.title == step]


def words(award, step=None):
    return " / ".join(fact.words for fact in facts(award, step))


def confirmed(**kwargs):
    return make.AwardFactory(confirmed=True, **kwargs)


class TestRoster:
    def test_names_file_version_and_row_with_who_brought_it(self):
        award = confirmed(enrollment__row=17)
        roster = award.enrollment.roster

        first, committed = facts(award, "花名册")

        assert first.words == f"{roster.file.name}，第 1 版，第 17 行"
        assert (first.by, first.at, first.url) == (roster.uploaded_by.name, NOW, roster.get_absolute_url())
        assert (committed.words, committed.by) == ("确认入库", roster.committed_by.name)

    def test_counts_cells_of_this_row_that_were_mended(self):
        award = confirmed(enrollment__row=17)
        for field, row in (("grade", 17), ("class_name", 17), ("grade", 18)):
            make.RosterCorrectionFactory(roster=award.enrollment.roster, row=row, field=field)
        assert "这一行在系统中改正过 2 处" in words(award, "花名册")

    def test_says_where_the_roster_has_changed_since(self):
        award = confirmed()
        award.enrollment.class_name = "5班"
        award.enrollment.state = "left"
        award.enrollment.save()
        assert "1班（寄宿），花名册现在不同" in words(award)
        assert f"在读状态现在是“{award.enrollment.get_state_display()}”" in words(award)


class TestHardship:
    def test_names_the_line_of_the_list_with_the_rule_that_matched(self):
        award = confirmed()
        match = make.MatchFactory(enrollment=award.enrollment)
        make.HardshipFactory(match=match)

        (fact,) = facts(award, "困难情形和认定")

        person = match.person
        assert f"2021-09-10，第 {person.row} 行 {person.name} {person.masked_id}" in fact.words
        assert person.id_number not in fact.words
        assert fact.words.endswith(crosscheck_figures.sentence(match))
        assert fact.by == "比对规则"
        assert fact.url == person.snapshot.get_absolute_url()

    def test_names_the_person_who_decided(self):
        award, officer = confirmed(), make.UserFactory()
        match = make.MatchFactory(
            enrollment=award.enrollment, state="confirmed", decided_by=officer, decided_at=NOW, tier="id-one-off"
        )
        make.HardshipFactory(match=match)

        (fact,) = facts(award, "困难情形和认定")

        assert "人工核实为同一人" in fact.words
        assert (fact.by, fact.at) == (officer.name, NOW)

    def test_shows_the_recognition_that_held_when_the_award_was_proposed(self):
        award = confirmed()
        lists = {}
        for level, days in (("hard", -9), ("special", -3), ("general", 3)):
            RecognitionList.objects.update(
                term=make.TermFactory(code="2021S")
            )  # the factory finds no other of the term
            lists[level] = make.RecognitionListFactory(
                school=award.school, term=award.term, uploaded_at=NOW + timedelta(days=days)
            )
            RecognitionList.objects.update(state="superseded")
            make.RecognitionFactory(list=lists[level], student=award.student, term=award.term, level=level, row=5)

        (fact,) = facts(award, "困难情形和认定")

        assert fact.words == f"认定为特别困难：{lists['special'].file.name} 第 5 行（后来有新的认定名单）"
        assert fact.url == lists["special"].get_absolute_url()

    def test_marks_what_the_rule_asks_for_and_nobody_recorded(self):
        by_list, by_level, by_neither = [confirmed(program__code=code) for code in "abc"]
        by_list.rule.categories.add(make.HardshipCategoryFactory())
        by_level.rule.levels = ["hard"]
        by_level.rule.save()

        assert chain_of(by_list).lacks[0] == "条件要求困难情形，但没有名单比对记录"
        assert chain_of(by_level).lacks[0] == "条件要求认定等级，但没有认定记录"
        assert words(by_neither, "困难情形和认定") == "这一条件不要求困难情形或认定"

    def test_marks_a_nominated_program_without_a_nomination(self):
        nomination = make.NominationFactory()
        enrollment = nomination.student.enrollments.get()
        named = confirmed(enrollment=enrollment, program=nomination.program)
        other = confirmed(program=nomination.program)

        assert "学校提名" in words(named)
        assert "项目由学校提名，但没有提名记录" not in chain_of(named).lacks
        assert "项目由学校提名，但没有提名记录" in chain_of(other).lacks


class TestBasis:
    def test_links_the_document_and_marks_one_that_is_not_in_the_library(self):
        document = make.PolicyDocumentFactory()
        there, gone = confirmed(), confirmed(program__code="x", standard__document_no="示教〔2020〕9号")

        linked = next(fact for fact in facts(there) if fact.url == document.get_absolute_url())
        assert linked.words == f"{document.number}《{document.title}》"
        assert "文件库里没有 示教〔2020〕9号" in chain_of(gone).lacks

    def test_says_who_set_a_tier_by_hand_and_why(self):
        officer = make.UserFactory()
        award = confirmed(tier="二档", tier_by=officer, tier_at=NOW, tier_reason="家庭遭灾")
        fact = next(fact for fact in facts(award) if "人工设定" in fact.words)
        assert (fact.words, fact.by) == ("档次由人工设定：家庭遭灾", officer.name)


class TestListAndPublicity:
    def test_names_everybody_who_signed(self):
        principal = make.UserFactory(principal=True)
        award = confirmed(enrollment__school=principal.school, list__school_approved_by=principal)
        signed = {fact.words: fact.by for fact in facts(award, "资助名单")}
        assert signed == {
            "资助名单提出": award.list.prepared_by.name,
            "学校负责人确认": principal.name,
            "县级审定": award.list.confirmed_by.name,
        }

    def test_says_where_the_county_signed_for_the_school(self):
        award = confirmed(list__school_approved_by=make.UserFactory())
        assert "县级代学校确认" in words(award, "资助名单")

    def test_marks_a_list_that_never_hung(self):
        assert "没有公示记录" in chain_of(confirmed()).lacks

    def test_tells_days_photo_and_result(self):
        award = confirmed()
        notice = make.NoticeFactory(list=award.list, down=True)
        assert "没有照片" in chain_of(award).lacks

        photo = make.NoticePhotoFactory(notice=notice)

        told = facts(award, "公示")
        assert [fact.words for fact in told] == [
            "2021-10-11 至 2021-10-15，5 个工作日",
            "公示栏照片 1 张",
            "公示结果：公示期内未收到异议。（异议 0 件）",
        ]
        assert (told[1].by, told[1].on) == (photo.kept_by.name, photo.taken_on)
        assert "没有照片" not in chain_of(award).lacks

    def test_tells_how_an_objection_against_this_child_ended(self):
        award = confirmed()
        notice, officer = make.NoticeFactory(list=award.list), make.UserFactory()
        make.ObjectionFactory(
            award=award, notice=notice, is_upheld=False, answer="房产为祖父所有。", answered_by=officer, answered_at=NOW
        )
        make.ObjectionFactory(award=confirmed(enrollment__school=award.school), notice=notice)

        against = [fact for fact in facts(award, "公示") if "对该生的异议" in fact.words]

        assert [(fact.words, fact.by) for fact in against] == [("对该生的异议：不成立。房产为祖父所有。", officer.name)]


def test_words_of_others_hold_no_number_of_anybody():
    award = confirmed()
    notice = make.NoticeFactory(list=award.list, down=True, result="来电 13800001234，无异议。")
    make.ObjectionFactory(
        award=award, notice=notice, is_upheld=False, answer="已回 13800001234。", answered_by=make.UserFactory(),
        answered_at=NOW,
    )  # fmt: skip
    make.PayDecisionFactory(award=award, words="家长 13800001234 要求。")

    told = str(words(award))

    assert told.count("*********34") == 3
    assert "13800001234" not in told


class TestMoney:
    def test_follows_a_failure_to_the_next_try(self):
        failed = make.PaymentFactory(failed=True, line_no=4)
        award = failed.award
        make.ReturnLineFactory(file__batch=failed.batch, row=6, line_no=4, outcome="failed")
        other_card = make.CardFactory(student=award.student, is_current=False)
        again = make.PaymentFactory(award=award, attempt=2, paid=True, line_no=1, card=other_card)

        titles = [step.title for step in chain_of(award).steps]
        first, second = words(award, "第 1 次发放"), words(award, "第 2 次发放")

        assert titles[-3:] == ["第 1 次发放", "第 2 次发放", "到账"]
        assert f"批次 {failed.batch.number}，500.00 元" in first
        assert f"{failed.batch.bank_file.name} 第 4 行" in first
        assert "第 6 行：失败" in first
        assert "发放失败：账号不存在（账号不存在）" in first
        assert f"****{again.card.number[-4:]}" in second
        assert "没有银行回盘" in second
        assert words(award, "到账") == "到账 500.00 元"

    def test_does_not_take_the_line_of_another_batch_for_its_answer(self):
        payment = make.PaymentFactory(paid=True, line_no=4)
        make.ReturnLineFactory(line_no=4)
        make.ReturnLineFactory(file__batch=payment.batch, line_no=5)
        assert "没有银行回盘" in chain_of(payment.award).lacks

    def test_takes_a_confirmed_word_of_the_bank_for_its_answer(self):
        payment = make.PaymentFactory(paid=True, line_no=4)
        second = make.UserFactory(approver=True)
        closed = {"closed_by": second, "closed_at": NOW}
        inquiry = make.InquiryFactory(batch=payment.batch, line_no=4, state="confirmed", **closed)

        (told,) = [fact for fact in facts(payment.award) if "银行答复" in fact.words]

        assert (told.by, told.at, told.url) == (second.name, NOW, inquiry.get_absolute_url())
        assert told.words == f"银行答复由{inquiry.entered_by.name}登记，另一人确认：电话询问营业部，答复已入账"
        assert "没有银行回盘" not in chain_of(payment.award).lacks

    @pytest.mark.parametrize(
        "facts_of_it", [{"line_no": 4}, {"line_no": 5, "state": "confirmed"}], ids=["open", "other"]
    )
    def test_takes_no_open_word_and_none_of_another_line(self, facts_of_it):
        payment = make.PaymentFactory(paid=True, line_no=4)
        closed = {"closed_by": make.UserFactory(approver=True), "closed_at": NOW} if "state" in facts_of_it else {}
        make.InquiryFactory(batch=payment.batch, **facts_of_it, **closed)
        assert "没有银行回盘" in chain_of(payment.award).lacks

    def test_tells_a_late_return_and_that_nothing_arrived(self):
        bounce = make.BounceFactory()
        award = bounce.payment.award
        assert "到账后退票：已销户、挂失或冻结，2021-12-20" in words(award)
        assert "没有到账" in chain_of(award).lacks

    def test_tells_a_recovery_with_its_receipts(self):
        receipt = make.RecoveryReceiptFactory()
        award = receipt.recovery.award
        assert f"收回 100.00 元，凭证 {receipt.voucher}" in words(award, "追缴")
        assert words(award, "到账") == "到账 500.00 元，已收回 100.00 元"
        assert "追缴还没有办结" in chain_of(award).lacks

    def test_names_approver_and_third_person_and_marks_where_the_third_is_missing(self):
        third = make.UserFactory(approver=True)
        signed = make.PaymentFactory(batch__settled=True, batch__needs_third=True, batch__released_by=third)
        missing = make.PaymentFactory(batch__approved=True, batch__needs_third=True)

        assert ("第三人加签", third.name) in [(fact.words, fact.by) for fact in facts(signed.award)]
        assert "须加签的批次没有加签" in chain_of(missing.award).lacks

    def test_of_cash_asks_for_the_signed_roll_of_the_childs_school(self):
        batch = make.BatchFactory(cash=True, approved=True)
        mine, other = [
            make.PaymentFactory(batch=batch, card=None, state="paid", paid_on=NOW.date(), line_no=n) for n in (1, 2)
        ]
        officer = make.UserFactory()
        actions.record(officer, "cash.registered", batch, at=NOW, school=mine.award.school.code, paid=1, unsigned=0)

        assert ("登记学校的签字表", officer.name) in [(fact.words, fact.by) for fact in facts(mine.award)]
        assert "没有登记签字表" in chain_of(other.award).lacks

    def test_tells_why_a_child_that_left_is_still_paid(self):
        decision = make.PayDecisionFactory()
        assert "仍然发放：离校前已就读满一个月" in words(decision.award)

    def test_does_not_miss_money_that_is_no_money(self):
        award = confirmed(program__kind="in-kind")
        assert words(award, "到账") == "实物或供餐，不通过批次发放"

    def test_misses_money_that_a_batch_should_have_brought(self):
        payment = make.PaymentFactory(failed=True, award__program__kind="in-kind")
        assert words(payment.award, "到账") == "没有到账"
        assert "没有到账" in chain_of(payment.award).lacks


class TestChains:
    def test_come_in_the_order_asked_for(self):
        first, second = confirmed(), confirmed()
        assert [chain.award for chain in chains([second.pk, first.pk])] == [second, first]

    def test_show_no_whole_number(self):
        payment = make.PaymentFactory(paid=True)
        make.HardshipFactory(match=make.MatchFactory(enrollment=payment.award.enrollment))
        said = words(payment.award)
        assert payment.card.number not in said
        assert payment.award.student.id_number not in said

    def test_of_twenty_cost_as_many_queries_as_one(self):
        def one():
            payment = make.PaymentFactory(failed=True)
            award = payment.award
            closed = {"closed_by": make.UserFactory(approver=True), "closed_at": NOW}
            make.InquiryFactory(batch=payment.batch, line_no=payment.line_no, state="confirmed", **closed)
            notice = make.NoticeFactory(list=award.list)
            make.NoticePhotoFactory(notice=notice)
            make.ObjectionFactory(award=award, notice=notice)
            make.HardshipFactory(match=make.MatchFactory(enrollment=award.enrollment))
            make.RecognitionFactory(list__school=award.school, student=award.student)
            make.RosterCorrectionFactory(roster=award.enrollment.roster, row=award.enrollment.row)
            make.ReturnLineFactory(file__batch=payment.batch, line_no=payment.line_no)
            make.RecoveryReceiptFactory(recovery__payment=make.PaymentFactory(award=award, attempt=2, paid=True))
            return award.pk

        def cost(keys):
            with CaptureQueriesContext(connection) as queries:
                assert len(chains(keys)) == len(keys)
            return len(queries)

        keys = [one()]
        of_one = cost(keys)
        keys += [one() for _each in range(4)]
        assert cost(keys) == of_one
