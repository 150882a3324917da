from __future__ import annotations

import pytest

from retrieval.numbering import Style, cjk_value, could_be_reference, number_at


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("一", 1),
        ("十", 10),
        ("十一", 11),
        ("二十", 20),
        ("二十三", 23),
        ("九十九", 99),
        ("一百零三", 103),
        ("一百二十", 120),
        ("两", 2),
        ("〇", 0),
    ],
)
def test_chinese_numerals_of_clauses_have_their_value(numeral: str, value: int) -> None:
    assert cjk_value(numeral) == value


def test_what_is_no_numeral_is_refused() -> None:
    with pytest.raises(ValueError, match="not a Chinese numeral: '甲'"):
        cjk_value("甲")


@pytest.mark.parametrize(
    ("line", "style", "path", "printed", "canonical", "rest"),
    [
        ("第一条 名词解释", Style.ARTICLE, (1,), "第一条", "第一条", "名词解释"),
        ("第十一条 附则", Style.ARTICLE, (11,), "第十一条", "第十一条", "附则"),
        ("第 3 条 费用", Style.ARTICLE, (3,), "第3条", "第3条", "费用"),
        ("第二章总则", Style.CHAPTER, (2,), "第二章", "第二章", "总则"),
        ("一、协议的范围", Style.ENUMERATED, (1,), "一", "一", "协议的范围"),
        ("十三、【其它】", Style.ENUMERATED, (13,), "十三", "十三", "【其它】"),
        ("4.7在您开通", Style.DOTTED, (4, 7), "4.7", "4.7", "在您开通"),
        ("4.4.2.1 发布", Style.DOTTED, (4, 4, 2, 1), "4.4.2.1", "4.4.2.1", "发布"),
        ("4．7　在您开通", Style.DOTTED, (4, 7), "4.7", "4.7", "在您开通"),
        ("3.1【注册】", Style.DOTTED, (3, 1), "3.1", "3.1", "【注册】"),
        ("2.1. 范围", Style.DOTTED, (2, 1), "2.1", "2.1", "范围"),
        ("10.10 末条", Style.DOTTED, (10, 10), "10.10", "10.10", "末条"),
        ("1. 服务对象", Style.SINGLE, (1,), "1", "1", "服务对象"),
        ("2、乙方", Style.SINGLE, (2,), "2", "2", "乙方"),
        ("（6）散布谣言", Style.ITEM_DIGIT, (6,), "（6）", "（6）", "散布谣言"),
        ("(6) 散布谣言", Style.ITEM_DIGIT, (6,), "(6)", "（6）", "散布谣言"),
        ("6) 散布谣言", Style.ITEM_HALF, (6,), "6)", "（6）", "散布谣言"),
        ("6）散布谣言", Style.ITEM_HALF, (6,), "6）", "（6）", "散布谣言"),
        ("（a）现在", Style.ITEM_LETTER, (1,), "（a）", "（a）", "现在"),
        ("(c) 由", Style.ITEM_LETTER, (3,), "(c)", "（c）", "由"),
        ("（B）业务", Style.ITEM_CAPITAL, (2,), "（B）", "（B）", "业务"),
        ("（三）缴费", Style.ITEM_CJK, (3,), "（三）", "（三）", "缴费"),
        ("②亲属", Style.ITEM_CIRCLED, (2,), "②", "②", "亲属"),
    ],
)
def test_numbers_are_told_however_they_are_printed(
    line: str, style: Style, path: tuple[int, ...], printed: str, canonical: str, rest: str
) -> None:
    number = number_at(line)
    assert number is not None
    assert (number.style, number.path, number.printed, number.canonical, number.rest) == (style, path, printed, canonical, rest)


@pytest.mark.parametrize(
    "line",
    [
        "第十一条规定的情形除外，用户应当付款。",
        "第四条约定的费用",
        "第三条、第四条不适用",
        "第五条的付款义务；或",
        "4.6的规定除外",
        "4.6 条约定的费用",
        "7.2.3 条终止",
        "5.4条约定获得赔偿",
        "3.1、3.2 不适用",
        "3.1至 3.4 不适用",
        "99.90%",
        "2.5 元",
        "2.5万元",
        "1.5 倍",
    ],
)
def test_a_line_that_only_speaks_of_a_clause_or_an_amount_has_no_number(line: str) -> None:
    assert number_at(line) is None


@pytest.mark.parametrize(
    "line", ["", "第一", "甲方", "2022-10-18", "2022年8月15日", "192.168.0.1.2.3", "1.0", "3.14159265", "（见附件）", "一般规定"]
)
def test_a_line_that_only_looks_numbered_has_no_number(line: str) -> None:
    assert number_at(line) is None


@pytest.mark.parametrize("line", ["4.6 和甲方", "4.6，甲方", "2.1 年内", "3.2 个月"])
def test_words_that_fit_running_text_as_well_are_told(line: str) -> None:
    number = number_at(line)
    assert number is not None
    assert could_be_reference(number)


@pytest.mark.parametrize("line", ["4.6 腾讯在收到您按时支付的全额费用", "2.1 年度费用", "3.2 个人信息", "第六条 和解", "5.2 条款效力"])
def test_an_ordinary_clause_is_no_possible_reference(line: str) -> None:
    number = number_at(line)
    assert number is not None
    assert not could_be_reference(number)
