"""Everyday words and what agreements print for them: the files that ship, and how a question is widened by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from retrieval.errors import StorageError
from retrieval.index import Index, open_index
from retrieval.lexicon import AGREEMENTS, EVERYDAY, STATUTES, Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search
from retrieval.words import bigrams, known_words, normalise, words

_WRITTEN = "written.tsv"
_FILES = (_WRITTEN, AGREEMENTS, STATUTES)
# Everybody's words, though the catalog has them too: whom an agreement binds, and what is done with papers.
_ORDINARY = {"用户", "存档"}
# What the names and the companies of the catalog are made of.
_MARKS = {"腾讯", "tencent", "微信", "wechat"}

# English words without their endings, as a question's words are read, that would lose more by being read once more.
_WHOLE = {
    "agre": "agree",
    "compens": "compensation",
    "employe": "employee",
    "guarante": "guarantee",
    "increas": "increase",
    "infring": "infringe",
    "licens": "license",
    "respons": "responsible",
    "revers": "reverse",
}

_TEXT = """仓储协议
第一条 保管
1.1 货物入库时，双方清点数量并签字确认。
1.2 因履行本合同产生争议的，提交原告所在地人民法院诉讼解决。
第二条 费用
2.1 保管费按月结算，于次月五日前支付。
2.2 未满十八周岁的未成年人，应当由其监护人陪同办理。
"""


def _entries(name: str) -> dict[str, dict[str, float | None]]:
    """A file read apart from the code under test: each everyday word with what is printed for it, None where no weight is given."""
    entries: dict[str, dict[str, float | None]] = {}
    for line in (EVERYDAY / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            word, printed = line.split("\t")
            assert word not in entries, f"{word} has two lines"
            pairs = [entry.split("=") for entry in printed.split(" ")]
            entries[word] = {pair[0]: float(pair[1]) if len(pair) == 2 else None for pair in pairs}
            assert len(entries[word]) == len(pairs), f"{word} has something twice"
    return entries


def _names(library: Library) -> set[str]:
    """What the shipped agreements, and those who conclude them, are called."""
    return {normalise(name) for each in library.agreements for name in (each.key, each.title, *each.names, *each.parties)}


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load()


def test_the_files_that_are_known_are_those_that_are_there() -> None:
    assert sorted(path.name for path in EVERYDAY.iterdir()) == sorted(_FILES)


@pytest.mark.parametrize("name", _FILES)
def test_every_line_gives_an_everyday_word_and_what_is_printed_for_it(name: str) -> None:
    entries = _entries(name)
    assert len(entries) > 1000
    for word, printed in entries.items():
        assert word == word.strip() != "", word
        assert printed.keys() - {word, ""} == printed.keys() - {word} != set(), word
        assert all(weight is None or weight > 0 for weight in printed.values()), word


@pytest.mark.parametrize("name", [AGREEMENTS, STATUTES])
def test_what_is_learned_has_weights_and_a_word_is_not_translated_by_itself(name: str) -> None:
    for word, printed in _entries(name).items():
        assert all(weight is not None and weight >= 0.1 for weight in printed.values()), word
        assert word not in printed
        assert len(printed) <= 12


def test_what_is_written_by_hand_knows_no_product_and_no_company(shipped: Library) -> None:
    entries = _entries(_WRITTEN)
    known = {normalise(word) for entry, printed in entries.items() for word in (entry, *entry.split(" "), *printed)}
    assert len(known) > 2000
    assert known & (_names(shipped) | _MARKS) == set()


def test_what_the_statutes_teach_knows_no_product_and_no_company(shipped: Library) -> None:
    entries = _entries(STATUTES)
    known = {*entries, *(term for printed in entries.values() for term in printed)}
    assert known & (_names(shipped) | _MARKS) <= _ORDINARY


def test_what_the_agreements_teach_widens_no_question_by_what_one_of_them_is_called(shipped: Library) -> None:
    printed = {term for terms in _entries(AGREEMENTS).values() for term in terms}
    assert printed & _names(shipped) <= _ORDINARY


def test_every_pair_of_words_that_the_agreements_teach_stands_in_two_of_them(shipped: Library) -> None:
    asked, printed = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    likely = shipped.likely()
    for clause in shipped.clauses():
        for question in likely.get(clause.ref, ()):
            for word in words(question.text):
                asked[word].add(clause.agreement)
        for word in words(clause.text):
            printed[word].add(clause.agreement)
    lonely = [(word, term) for word, terms in _entries(AGREEMENTS).items() for term in terms if len(asked[word] & printed[term]) < 2]
    assert lonely == []


def test_every_word_written_by_hand_can_be_met_in_a_question() -> None:
    asked = {entry: " ".join(_WHOLE.get(part, part) for part in entry.split(" ")) for entry in _entries(_WRITTEN)}
    assert [entry for entry, question in asked.items() if not Lexicon({entry: "某"}).printed(question)] == []
    unread = [part for entry in asked for part in entry.split(" ") if part not in known_words(_WHOLE.get(part, part), {part})]
    assert unread == []


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("line", ["退钱 退款", "退钱", "退钱\t", "退钱\t ", "\t退款", " \t退款", "\t"])
def test_a_line_of_another_form_is_refused_with_its_file(tmp_path: Path, line: str) -> None:
    folder = _write(tmp_path, good="退钱\t退款\n", mine=f"# 退\n\n开票\t发票\n{line}\n")
    with pytest.raises(StorageError) as refused:
        Lexicon.load(folder)
    assert str(folder / "mine.tsv") in str(refused.value)
    assert repr(line) in str(refused.value)
    assert Lexicon.load(folder, without=("mine.tsv",)).printed("退钱") == {"退款": 0.5}


@pytest.mark.parametrize("line", ["退钱\t退还=2 {}", "退钱\t{} 退还=2", "退钱\t{}"])
@pytest.mark.parametrize(
    "printed", ["退款=x", "退款=", "退款=0", "退款=0.0", "退款=-1", "退款=nan", "退款=inf", "退款=1.", "退款=2=3", "退款==2", "=2", "="]
)
def test_a_weight_that_is_none_is_refused_with_its_file(tmp_path: Path, line: str, printed: str) -> None:
    line = line.format(printed)
    folder = _write(tmp_path, mine=f"开票\t发票=1\n{line}\n")
    with pytest.raises(StorageError, match=r"mine\.tsv") as refused:
        Lexicon.load(folder)
    assert repr(line) in str(refused.value)
    with pytest.raises(ValueError, match="退钱"):
        Lexicon({}).widened([line])


@pytest.mark.parametrize(("weight", "value"), [("3", 3), ("0.1", 0.1), ("0.05", 0.05), ("10", 10), ("20.50", 20.5), ("012", 12)])
def test_a_weight_is_a_plain_number_above_0(weight: str, value: float) -> None:
    assert Lexicon({}).widened([f"退钱\t退款={weight} 退还"]).printed("退钱") == {"退款": value, "退还": 0.5}


def test_the_version_is_that_of_the_entries() -> None:
    lines = ["退钱\t退款=2 退还", "开票\t发票"]
    version = Lexicon({}).widened(lines).version
    assert version == Lexicon({}).widened(["# 说明", "", *lines]).version
    others: list[list[str]] = [[], lines[:1], [*lines, "退钱\t返还"], [*lines, "注销\t销户"], ["退钱\t退款=2.5 退还", lines[1]]]
    assert version not in {Lexicon({}).widened(other).version for other in others}


def test_a_file_that_is_no_text_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "mine.tsv").write_bytes("退钱\t退款\n".encode("gbk"))
    with pytest.raises(StorageError, match=r"mine\.tsv"):
        Lexicon.load(tmp_path)


def test_all_files_of_a_folder_count_together_and_one_can_be_left_out(tmp_path: Path) -> None:
    folder = _write(tmp_path, a="退钱\t退款=2 退还=1\n", b="退钱\t退还=3 返还\n开票\t发票\n")
    assert Lexicon.load(folder).printed("退钱开票") == {"退还": 3, "退款": 2, "发票": 0.5, "返还": 0.5}
    assert Lexicon.load(folder, without=["b.tsv"]).printed("退钱开票") == {"退款": 2, "退还": 1}


def test_a_widened_lexicon_is_another_one() -> None:
    narrow = Lexicon({"退钱": "退款=2"})
    wide = narrow.widened(["# 说明", "", "退钱\t返还=1", "开票\t发票"])
    assert wide.printed("退钱、开票") == {"退款": 2, "返还": 1, "发票": 0.5}
    assert narrow.printed("退钱、开票") == {"退款": 2}
    with pytest.raises(ValueError, match="退钱 退款"):
        narrow.widened(["退钱 退款"])


def test_a_word_counts_once_by_its_surest_weight_and_two_words_that_mean_the_same_count_together() -> None:
    lexicon = Lexicon({"退钱": "退款=1 退款=3 退款=2", "还我": "退款=0.5 返还"})
    assert lexicon.printed("退钱，退钱！") == {"退款": 3}
    assert lexicon.printed("退钱还我") == {"退款": 3.5, "返还": 0.5}
    assert lexicon.printed("别的") == lexicon.printed("") == {}


def test_an_entry_of_several_words_is_met_by_a_question_that_has_each_of_them_anywhere() -> None:
    lexicon = Lexicon({"赔 3 倍": "惩罚性赔偿", "third parti": "第三方=2", "ip 地址": "设备信息"})
    for question in ("赔三倍吗", "能赔偿我 3 倍吗", "三倍的赔偿"):
        assert lexicon.printed(question) == {"惩罚性赔偿": 0.5}, question
    assert lexicon.printed("Do third parties see the IP地址?") == {"第三方": 2, "设备信息": 0.5}
    for question in ("赔五倍吗", "三倍", "赔钱", "a third", "parties of one part", "地址", "ip"):
        assert lexicon.printed(question) == {}, question


def test_a_word_of_an_entry_of_several_is_an_entry_of_its_own_only_where_it_stands_alone() -> None:
    assert Lexicon({"third parti": "第三方", "parti": "当事人"}).printed("parties") == {"当事人": 0.5}


def test_the_surest_come_first_and_at_most_thirty() -> None:
    printed = {f"词{at:02}": at % 40 + 1 for at in range(50)}
    found = Lexicon({"退钱": " ".join(f"{term}={weight}" for term, weight in printed.items())}).printed("退钱")
    assert list(found.items()) == sorted(printed.items(), key=lambda pair: (-pair[1], pair[0]))[:30]


@pytest.mark.parametrize(
    ("question", "some", "absent"),
    [
        ("打官司", {"诉讼", "法院", "争议解决"}, {"打官司"}),
        ("打官司去哪个法院", {"诉讼", "管辖"}, {"法院", "官司"}),
        ("我要退钱", {"退款"}, {"退钱"}),
        ("退钱就是退款吗", {"费用"}, {"退款"}),
        ("跑路了怎么办", {"终止"}, {"跑路"}),
        ("啥意思", {"定义", "释义"}, {"意思"}),
        ("Is arbitration possible?", {"仲裁裁决"}, {"arbitr"}),
        ("what is the governing law", {"准据法", "法律适用"}, {"law", "govern"}),
        ("Have you had a data breach, or breaches of data?", {"数据泄露"}, {"breach"}),
    ],
)
def test_everyday_words_are_widened_by_printed_ones_that_the_question_has_not(
    lexicon: Lexicon, question: str, some: set[str], absent: set[str]
) -> None:
    printed = lexicon.printed(question)
    assert some <= printed.keys()
    assert not absent & printed.keys()


@pytest.mark.parametrize(
    "question", ["我要退钱", "打官司去哪个法院", "账号被封了能不能找回来，钱退不退，数据还在不在，找谁说理去", "4.7", "？"]
)
def test_no_question_is_widened_by_its_own_words_by_more_than_thirty_or_by_other_words_the_next_time(
    lexicon: Lexicon, question: str
) -> None:
    printed = lexicon.printed(question)
    assert len(printed) <= 30
    assert not [term for term in printed if term in normalise(question)]
    assert all(weight > 0 for weight in printed.values())
    assert list(printed.values()) == sorted(printed.values(), reverse=True)
    assert list(Lexicon.load().printed(question).items()) == list(printed.items())


@pytest.mark.parametrize(
    ("one", "other"), [("賬號被盜了怎麼退錢", "账号被盗了怎么退钱"), ("帐号被盗", "账号被盗"), ("ＡＰＰ打不开", "app打不开")]
)
def test_two_spellings_of_one_question_are_widened_alike(lexicon: Lexicon, one: str, other: str) -> None:
    assert lexicon.printed(one) == lexicon.printed(other) != {}


@pytest.fixture
def bare(make_library: Callable[[Mapping[str, str]], Library], tmp_path: Path) -> Iterator[Index]:
    """The index of a small agreement of which nobody has written likely questions."""
    index = open_index(tmp_path, make_library({"warehouse": _TEXT}))
    yield index
    index.close()


@pytest.mark.parametrize(("question", "clause"), [("要打官司怎么弄", "1.2"), ("娃能来吗", "2.2")])
def test_a_lay_question_that_shares_no_word_with_its_clause_finds_it_by_the_lexicon_only(
    bare: Index, lexicon: Lexicon, question: str, clause: str
) -> None:
    (text,) = [each.content for each in bare.clauses if each.id == clause]
    assert not set(bigrams(question)) & set(bigrams(text))
    assert clause not in [hit.clause.id for hit in Search(bare, Ranking.load(), Lexicon({})).find(question)]
    hits = Search(bare, Ranking.load(), lexicon).find(question)
    assert hits[0].clause.id == clause
    assert [name for name, _ in hits[0].signals] == ["printed"]
