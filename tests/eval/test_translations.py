"""What is learned from pairs of a question and the text that answers it; every weight here can be reckoned by hand."""

from __future__ import annotations

import random
from math import log

import pytest

from eval.translations import Pair, lines_of, pairs_of, translations
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.words import words


def _pair(asked: str, printed: str, origin: str = "jia") -> Pair:
    return Pair(frozenset(asked.split()), frozenset(printed.split()), origin)


# Six pairs. 服务 is printed in all of them and says nothing; 退款 in 2 of 6, both times for 退钱.
_PAIRS = [
    _pair("退钱 怎么", "退款 服务"),
    _pair("退钱", "退款 服务 退钱"),
    _pair("开票 怎么", "发票 服务 税号", "yi"),
    _pair("开票", "发票 服务", "yi"),
    _pair("注销", "终止 服务"),
    _pair("停用", "终止 服务", "yi"),
]


def test_a_weight_is_how_often_a_word_answers_times_the_logarithm_of_its_lift() -> None:
    assert translations(_PAIRS) == {
        "退钱": {"退款": pytest.approx(2 / (2 + 3) * log(6 / 2))},
        "开票": {"发票": pytest.approx(2 / (2 + 3) * log(6 / 2))},
    }


def test_a_word_that_is_asked_otherwise_too_is_believed_less() -> None:
    """退钱 in 4 of 8 pairs, two of them answered by 退款: half as often, and 8/2 · 2/4 = twice as often as at large, which is not enough."""
    more = [*_PAIRS, _pair("退钱", "服务"), _pair("退钱", "服务")]
    assert "退钱" not in translations(more)
    assert translations([*more, _pair("别的", "服务")])["退钱"] == {"退款": pytest.approx(2 / (4 + 3) * log(2 / 4 * 9 / 2))}


def test_what_answers_once_is_chance() -> None:
    assert "注销" not in translations(_PAIRS)
    assert "税号" not in translations(_PAIRS)["开票"]
    assert translations([*_PAIRS, _pair("注销", "终止")])["注销"]["终止"] > 0


def test_of_many_pairs_twice_is_chance_too() -> None:
    many = [_pair(f"问{at}", f"答{at}") for at in range(3000)]
    for times, kept in ((2, {}), (3, {"退钱": {"退款": pytest.approx(3 / (3 + 3) * log(3003 / 3))}})):
        assert translations([*many, *[_pair("退钱", "退款")] * times]) == kept


def test_no_word_translates_itself() -> None:
    assert "退钱" not in translations([*_PAIRS, _pair("退钱", "退钱 退款")])["退钱"]


def test_what_only_one_agreement_says_is_left_out_when_two_are_wanted() -> None:
    assert translations(_PAIRS, origins=2) == {}
    both = [*_PAIRS, _pair("退钱", "退款", "yi"), _pair("别的", "服务", "yi")]
    assert translations(both, origins=2) == {"退钱": {"退款": pytest.approx(3 / (3 + 3) * log(8 / 3))}}
    assert translations(both)["开票"]
    assert translations(both, origins=3) == {}


def test_a_word_that_two_agreements_print_for_different_words_is_left_out_for_either() -> None:
    """Both print 终止, but 注销 is asked of one of them only and 停用 of the other."""
    pairs = [*_PAIRS, _pair("注销", "终止 服务"), _pair("停用", "终止 服务", "yi"), _pair("别的", "服务")]
    assert set(translations(pairs)) >= {"注销", "停用"}
    assert not {"注销", "停用"} & set(translations(pairs, origins=2))


def test_the_twelve_surest_are_kept_and_equal_ones_in_the_order_of_their_letters() -> None:
    """20 words are printed for 退钱 twice, the first five of them for something else once more."""
    terms = [f"词{at:02}" for at in range(20)]
    pairs = [*[_pair("退钱", " ".join(terms))] * 2, _pair("别的", " ".join(terms[:5])), *[_pair("无关", "服务")] * 9]
    found = translations(pairs)["退钱"]
    assert list(found) == terms[5:17]
    assert list(found.values()) == pytest.approx([2 / (2 + 3) * log(12 / 2)] * 12)


def _reckoned(pairs: list[Pair], origins: int) -> dict[str, dict[str, float]]:
    """The same by counting pairs for every two words, as slowly as it is plain."""
    asked, printed = (sorted(set().union(*each)) for each in ([p.asked for p in pairs], [p.printed for p in pairs]))
    found: dict[str, dict[str, float]] = {}
    for word in asked:
        for term in printed:
            together = [pair for pair in pairs if word in pair.asked and term in pair.printed]
            of_word, of_term = sum(word in pair.asked for pair in pairs), sum(term in pair.printed for pair in pairs)
            lift = len(together) / of_word * len(pairs) / of_term
            if len(together) >= 2 and len({pair.origin for pair in together}) >= origins and lift > 2 and word != term:
                found.setdefault(word, {})[term] = len(together) / (of_word + 3) * log(lift)
    return {word: dict(sorted(terms.items(), key=lambda pair: (-round(pair[1], 9), pair[0]))[:12]) for word, terms in found.items()}


@pytest.mark.parametrize("origins", [1, 2, 3])
@pytest.mark.parametrize("chance", range(3))
def test_the_weights_are_those_reckoned_apart(origins: int, chance: int) -> None:
    moments = random.Random(chance)
    matters = ["甲乙丙丁戊", "己庚辛壬癸", "子丑寅卯辰", "巳午未申酉"]

    def some(matter: str) -> frozenset[str]:
        return frozenset([*moments.sample(matter, 2), moments.choice("".join(matters))])

    drawn = [moments.choice(matters) for _ in range(60)]
    pairs = [Pair(some(matter), some(matter), moments.choice(["jia", "yi", "bing"])) for matter in drawn]
    found, expected = translations(pairs, origins=origins), _reckoned(pairs, origins)
    assert len(expected) > 5
    assert found.keys() == expected.keys()
    for word, terms in found.items():
        assert terms == pytest.approx(expected[word])
    assert translations(iter(reversed(pairs)), origins=origins) == found


def test_of_no_pairs_nothing_is_learned() -> None:
    assert translations([]) == translations([], origins=2) == {}
    assert lines_of({}) == []


def test_lines_are_what_a_lexicon_reads() -> None:
    entries = {"退钱": {"退款": 2.71, "退还": 1.94, "返还": 0.1, "归还": 0.09}, "开票": {"发票": 0.26}, "注销": {"终止": 0.04}}
    lines = lines_of(entries)
    assert lines == ["开票\t发票=0.3", "退钱\t退款=2.7 退还=1.9 返还=0.1"]
    lexicon = Lexicon({}).widened(lines)
    assert lexicon.printed("退钱") == {"退款": 2.7, "退还": 1.9, "返还": 0.1}
    assert lexicon.printed("开票") == {"发票": 0.3}
    assert lexicon.printed("注销") == {}


@pytest.fixture(scope="module")
def shipped_pairs(shipped: Library) -> list[Pair]:
    return pairs_of(shipped)


def test_what_is_learned_can_be_read_as_it_was_learned(shipped_pairs: list[Pair]) -> None:
    """Of one agreement: nothing that a likely question or a clause has breaks the form of the lines."""
    entries = translations([pair for pair in shipped_pairs if pair.origin == "archive"])
    lines = {line.partition("\t")[0]: line for line in lines_of(entries)}
    assert len(lines) > 100
    for word, terms in entries.items():
        kept = {term: float(f"{weight:.1f}") for term, weight in terms.items() if weight >= 0.1}
        assert bool(kept) == (word in lines)
        if kept and not word.isascii():  # English words stand without their endings, as nobody asks
            assert Lexicon({}).widened([lines[word]]).printed(word) == {term: kept[term] for term in kept if term not in word}


def test_a_pair_is_the_words_of_a_likely_question_and_those_of_its_clause(shipped: Library, shipped_pairs: list[Pair]) -> None:
    likely = shipped.likely()
    assert len(shipped_pairs) == sum(map(len, likely.values())) > 1000
    assert {pair.origin for pair in shipped_pairs} == {agreement.key for agreement in shipped.agreements}
    clause = next(clause for clause in shipped.clauses(["qidian"]) if clause.id == "4.7")
    expected = [Pair(frozenset(words(each.text)), frozenset(words(clause.text)), "qidian") for each in likely[clause.ref]]
    assert len(expected) > 3
    assert all(pair in shipped_pairs for pair in expected)
