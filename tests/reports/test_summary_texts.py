"""What people write into the annual summary: kept section by section, never lost, never over somebody else's words."""

from datetime import timedelta

import pytest

from accounts.models import Action
from programs.reference import load_national
from reports import summary, summary_document
from reports.models import SummaryText
from reports.summary import WrittenSince
from tests import factories as make
from tests.reports.summary_reader import read

pytestmark = pytest.mark.django_db

LATER = make.NOW + timedelta(minutes=5)


@pytest.fixture
def year():
    load_national()
    make.TermFactory(code="2021S")
    make.TermFactory(code="2021A")


def written(text, *, before=None, by=None, at=make.NOW, section="honours"):
    return summary.write(year=2021, section=section, text=text, before=before, by=by or make.UserFactory(), at=at)


def paper(at=LATER):
    return read(summary_document.made(2021, SummaryText.objects.all(), at=at)[1])


class TestWrite:
    def test_keeps_the_words_and_leaves_a_trace(self, year):
        officer = make.UserFactory()

        row = written("获评年度先进单位。", by=officer)

        assert (row.text, row.written_by, row.written_at) == ("获评年度先进单位。", officer, make.NOW)
        action = Action.objects.get()
        assert (action.actor, action.verb, action.target_id) == (officer, "summary.written", str(row.pk))
        assert action.details == {"year": 2021, "section": "honours", "characters": 9}

    def test_of_two_people_who_begin_one_is_first(self, year):
        first = written("先写的。", by=make.UserFactory(name="周敏"))

        with pytest.raises(WrittenSince, match=r"周敏 在 2021-10-11 09:30:00"):
            written("后写的。", at=LATER)

        assert SummaryText.objects.get().text == first.text
        assert Action.objects.count() == 1

    def test_of_two_people_who_change_one_is_first(self, year):
        seen = written("原来的。").written_at
        written("先改的。", before=seen, at=LATER)

        with pytest.raises(WrittenSince):
            written("后改的。", before=seen, at=LATER + timedelta(minutes=1))

        assert SummaryText.objects.get().text == "先改的。"

    def test_tells_two_words_of_one_moment_apart(self, year):
        seen = written("原来的。").written_at
        written("先改的。", before=seen, at=seen)

        with pytest.raises(WrittenSince):
            written("后改的。", before=seen, at=seen)

        assert SummaryText.objects.get().text == "先改的。"

    def test_takes_up_what_another_wrote_once_it_was_seen(self, year):
        seen = written("原来的。").written_at
        now = written("先改的。", before=seen, at=LATER).written_at

        written("先改的，又补了一句。", before=now, at=LATER)

        assert SummaryText.objects.get().text == "先改的，又补了一句。"

    def test_the_same_words_again_are_no_act(self, year):
        row = written("获评先进单位。")

        assert written("获评先进单位。", at=LATER) == row
        assert written("", section="plans") is None
        assert Action.objects.count() == 1

    def test_can_take_the_words_away_again(self, year):
        seen = written("写错了。").written_at

        written("", before=seen, at=LATER)

        assert "【待填写：获得的表彰和荣誉】" in paper().marked


class TestInTheDocument:
    def test_words_stand_after_the_sentences_and_in_the_place_of_the_mark(self, year):
        written("获评年度先进单位。\n\n连续五年获此荣誉。")
        written("另外还做了走访。", section="total")

        sections = paper().sections
        assert sections["资助工作所获得的荣誉"] == ["获评年度先进单位。", "连续五年获此荣誉。"]
        assert sections["常规资助工作落实情况"] == ["2021年度还没有经县级审定的资助。", "另外还做了走访。"]

    def test_made_again_it_has_them_again(self, year):
        written("获评年度先进单位。")

        assert paper().sections == paper(LATER + timedelta(days=30)).sections

    @pytest.mark.parametrize(
        ("pasted", "said"),
        [
            ("<b>1 & 2</b> \"x\" 'y' ]]>", ["<b>1 & 2</b> \"x\" 'y' ]]>"]),
            ("表扬👏👨‍👩‍👧 𠮷字", ["表扬👏👨‍👩‍👧 𠮷字"]),
            ("一\x00二\x08三\x1b四\x7f五\ufffe六", ["一二三四五六"]),
            ("一\t二\r\n三\r四\u2028五", ["一 二", "三", "四", "五"]),
            ("=HYPERLINK(1) {{ 7*7 }} %s %(x)s", ["=HYPERLINK(1) {{ 7*7 }} %s %(x)s"]),
            ("字" * 20_000, ["字" * 20_000]),
        ],
    )
    def test_words_survive_as_they_are(self, year, pasted, said):
        written(pasted)

        assert paper().sections["资助工作所获得的荣誉"] == said

    def test_what_people_mark_themselves_is_yellow_too(self, year):
        written("共募集【待填写：金额】万元。", section="donations")

        assert "【待填写：金额】" in paper().marked
        assert paper().text("爱心助学募捐以及救助开展情况") == "共募集【待填写：金额】万元。"
