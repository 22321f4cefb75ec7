"""Ways in which summaries really count and round, so that figures which look contradicted are not."""

import pytest

from reports.published.findings import read

QUIET = {
    "children of both terms are counted once in the year": (
        "春季资助幼儿2377人，按每生每期500元发放118.85万元；秋季资助幼儿3904人，发放195.2万元；"
        "全年受助幼儿5626人，发放314.05万元。"
    ),
    "and so they are where no rate is named": (
        "春季资助学生1906人，发放95.3万元；秋季资助学生3439人，发放171.95万元；全年受助学生3529人，发放267.25万元。"
    ),
    "one section adds its people up and another doesn't": (
        "一、春季资助500人，25万元；秋季资助600人，30万元；全年资助1100人，55万元。\n"
        "二、春季资助812人，81.2万元；秋季资助930人，93万元；全年资助986人，174.2万元。"
    ),
    "parts leave something out": "共认定家庭经济困难学生8615人，其中脱贫家庭学生3996人，低保家庭学生4610人。",
    "parts of money overlap": "拨付资助资金410万元，其中国家助学金157万元，免学费250.6万元。",
    "parts are small": "资助学生2162人次，其中脱贫户205人次、低保户72人次、孤残儿童35人次。",
    "there are rates for two places": "资助大学新生35人，发放路费补助2.65万元，其中省内500元，省外1000元。",
    "an extra is named in brackets": (
        "资助学生3934人次，投入460.275万元（含工作经费10万元），其中小学1659人次165.9万元，初中2275人次284.375万元。"
    ),
    "an extra is named behind": "资助学生2696人（其中小学1071人，初中1598人），含特教27人。",
    "the parts are only the main ones": (
        "资助学生5000人次，发放500万元，其中主要是小学2000人次200万元、初中2700人次300万元。"
    ),
    "an average is rounded": "资助学生1253人次，发放168.7025万元，人均1346元。",
    "a rate is one of months": "按每月每生200元为123名学生发放24.6万元（10个月）。",
    "a rate goes on for years": "资助20名学生，每人每年5000元，连续三年，共30万元。",
    "payments were stopped": "为2732名高中学生按每生1000元的标准发放271.3万元，其中19名停发。",
    "some get another rate": "按每生每期750元为677名幼儿发放50.075万元，其中28名按500元发放。",
    "two groups share a rate": "为20名特教生和1305名寄宿生按每生每期500元发放66.25万元。",
    "a year's rate meets heads of terms": "按每生每年1700元的标准，全年免除学费2934人次，249.39万元。",
    "heads are rounded": "为1.25万名学生按每生500元发放626.3万元。",
    "the terms' money is rounded and the year's isn't": (
        "春季发放12.35万元，资助247人；秋季发放12.34万元，资助247人；全年资助494人次，发放246913元。"
    ),
    "the terms' heads are rounded and the year's aren't": "春季资助1.23万人次；秋季资助1.27万人次；全年资助25023人次。",
    "a headline counts payments and its lines people": (
        "一、资金落实情况\n共资助学生8420人次，发放842万元。\n"
        "（一）学前教育\n全年资助幼儿1210人，发放242万元。\n（二）义务教育\n全年资助学生3000人，发放600万元。"
    ),
    "a headline counts the money of a program and not its heads": (
        "一、资金落实情况\n共资助学生3500人次，发放470万元。\n（一）学前教育\n资助幼儿2000人次，发放200万元。\n"
        "（二）普通高中\n发放助学金1000人次，150万元；免学杂费800人次，64万元。\n"
        "（三）中职教育\n资助学生500人次，发放56万元。"
    ),
    "a small line stands outside the headline": (
        "一、资金落实情况\n共资助学生20000人次，发放2000万元。\n（一）学前教育\n资助幼儿1500人次，发放150万元。\n"
        "（二）义务教育\n资助学生10000人次，发放700万元。\n（三）普通高中\n资助学生5000人次，发放645万元。\n"
        "（四）中职教育\n资助学生3000人次，发放500万元。\n（五）大学新生\n资助新生20人次，发放10万元。"
    ),
    "money of the year before was paid later": (
        "春季资助562人次，28.1万元；秋季资助580人次，29万元；全年资助1142人次，59.6万元（含补发上年2.5万元）。"
    ),
    "the year has some more, named in brackets": (
        "春季资助562人次，28.1万元；秋季资助580人次，29万元；全年（含暑期救助9人次、0.45万元）资助1151人次，57.55万元。"
    ),
    "the year has some more, named after 其中": (
        "春季资助562人次，28.1万元；秋季资助580人次，29万元；全年资助1151人次，57.1万元，其中暑期救助9人次。"
    ),
}


class TestSilence:
    @pytest.mark.parametrize("text", QUIET.values(), ids=list(QUIET))
    def test_nothing_is_said_where(self, text):
        assert read(text).findings == []


class TestContradictions:
    """What these ways of counting don't excuse."""

    @pytest.mark.parametrize(
        ("text", "marked"),
        [
            pytest.param(
                "一、资金落实情况\n共资助学生3350人次，发放353.75万元。\n"
                "一是学前教育资助幼儿1500人次，发放150.5万元；\n二是普通高中资助学生1000人次，发放100.25万元；\n"
                "三是中职教育资助学生850人次，发放85万元。",
                "353.75",
                id="lines that begin with 一是 and 二是",
            ),
            pytest.param(
                "全年发放资金71.15万元，资助学生1423人次，其中春季资助学生712人，发放35.6万元；"
                "秋季资助学生711人，发放53.55万元。",
                "53.55",
                id="money before the heads, then 其中",
            ),
            pytest.param(
                "春季资助562人次，28.1万元；秋季资助580人次，29万元；"
                "全年（含脱贫家庭学生312人次）资助1942人次，57.1万元。",
                "1942",
                id="a year that names in brackets who is among its children",
            ),
        ],
    )
    def test_are_found_in(self, text, marked):
        assert marked in {figure.printed for finding in read(text).findings for figure in finding.figures}

    def test_are_read_no_finer_than_the_other_figures_tell(self):
        (finding,) = read("全年发放资金591.7万元，其中春季34.99万元，秋季241.7万元。").findings

        assert [reading.text for reading in finding.readings] == ["349.9"]
