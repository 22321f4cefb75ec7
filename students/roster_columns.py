"""The columns of a roster: which headings mean which field, as schools and the national systems write them."""

REQUIRED = ("name", "id_number", "stage", "grade", "class_name", "boarding")

SYNONYMS: dict[str, tuple[str, ...]] = {
    "name": ("学生姓名", "姓名", "幼儿姓名"),
    "sex": ("性别",),
    "id_type": ("身份证件类型", "证件类型", "身份证件类型号码类型"),
    "id_number": ("身份证件号码", "身份证件号", "证件号码", "证件号", "身份证号", "身份证号码", "公民身份号码"),
    "born_on": ("出生日期", "出生年月日"),
    "stage": ("学段", "教育阶段"),
    "grade": ("年级", "年级名称", "所在年级"),
    "class_name": ("班级", "班级名称", "所在班级"),
    "boarding": ("就读方式", "是否寄宿", "是否住校", "是否为住宿生", "住宿情况"),
    "residence": ("户口性质", "户籍性质", "户口类别"),
    "major": ("专业", "专业名称"),
    "claim": ("困难类型", "特殊困难类型", "困难类别"),
    "guardian_name": ("监护人姓名", "家长姓名", "监护人"),
    "guardian_phone": ("监护人电话", "家长电话", "联系电话", "监护人联系电话"),
    "town_name": ("户籍乡镇", "乡镇", "所在乡镇", "乡（镇）"),
    "village": ("户籍村", "村", "行政村", "户籍社区/村"),
    "card_number": ("卡号", "社保卡号", "银行卡号", "一卡通卡号"),
    "card_holder": ("持卡人", "户名", "持卡人姓名"),
    "card_relation": ("与学生关系", "持卡人与学生关系", "与持卡人关系"),
    "note": ("备注",),
}
