"""What metrics, misses and slices are called in tables and pages, how a value is printed, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from eval.metrics import SUMMED, Measured

Part = TypeVar("Part")


class Form(Enum):
    """How a value is printed."""

    SHARE = "share"  # 92.5 %
    COUNT = "count"  # 3
    SCORE = "score"  # 0.871, means of ranks that are no share of anything
    MILLISECONDS = "ms"
    AMOUNT = "amount"  # 1,204


@dataclass(frozen=True, slots=True)
class Naming:
    """One metric for people. `less` is true where less is better; `says` is what it measures, in a sentence."""

    title: str
    form: Form
    less: bool
    says: str


METRICS: Mapping[str, Naming] = {
    "recall@1": Naming("检索召回@1", Form.SHARE, False, "应引的条款有多少排在第一位"),
    "recall@3": Naming("检索召回@3", Form.SHARE, False, "应引的条款有多少排在前三位"),
    "recall@5": Naming("检索召回@5", Form.SHARE, False, "应引的条款有多少排在前五位"),
    "recall@10": Naming("检索召回@10", Form.SHARE, False, "应引的条款有多少排在前十位"),
    "mrr": Naming("MRR", Form.SCORE, False, "第一条应引条款名次的倒数，取平均"),
    "ndcg@10": Naming("nDCG@10", Form.SCORE, False, "前十位的排序质量，1 为最好"),
    "citation_recall": Naming("引用召回", Form.SHARE, False, "应引的条款有多少真的引了；该答而未答算 0"),
    "citation_precision": Naming("引用精确", Form.SHARE, False, "引了的条款有多少是该引的；不该答而答算 0"),
    "citation_recall_near": Naming("引用召回（含上下级）", Form.SHARE, False, "引到上一级或下一级条款也算"),
    "citation_precision_near": Naming("引用精确（含上下级）", Form.SHARE, False, "引到上一级或下一级条款也算"),
    "answer_points": Naming("要点覆盖", Form.SHARE, False, "答案说到了多少要点，数字必须一致"),
    "false_answer": Naming("误答率", Form.SHARE, True, "协议没写的问题，有多少被答了"),
    "over_refusal": Naming("误拒率", Form.SHARE, True, "协议写了的问题，有多少没有答"),
    "refusal_auc": Naming("把握度 AUC", Form.SCORE, False, "有答案的题比没答案的题把握高的机会；0.5 是瞎猜，1 为最好"),
    "clarified": Naming("反问率", Form.SHARE, False, "该反问的问题，有多少反问了"),
    "fabricated": Naming("编造的条款", Form.COUNT, True, "引用了不存在的条款，必须为 0"),
    "quotes_not_verbatim": Naming("非原文引语", Form.COUNT, True, "引语不是条款原文，必须为 0"),
    "crash": Naming("崩溃", Form.COUNT, True, "没有给出答案就出错，必须为 0"),
    "model_failed": Naming("模型没有答成", Form.COUNT, True, "设了模型，它却没有回答或没有写完，必须为 0"),
    "supported": Naming("评判有据", Form.SHARE, False, "显示的句子，有多少评判的模型说条款支持"),
    "fallback": Naming("摘引代答", Form.SHARE, True, "问了模型，却因它出错或写的句子没过核对而直接摘引的答案"),
    "latency_p50_ms": Naming("耗时（中位）", Form.MILLISECONDS, True, "一半的问题在这个时间内答完"),
    "latency_p95_ms": Naming("耗时（p95）", Form.MILLISECONDS, True, "95% 的问题在这个时间内答完"),
    "tokens": Naming("每题 token", Form.AMOUNT, True, "模型每题读写的 token 数"),
}

# What is shown of every slice and compared between runs.
MAIN = ("recall@1", "recall@5", "citation_recall", "citation_precision", "false_answer", "over_refusal")

# The promise itself: what must be zero in every run.
PROMISED = ("fabricated", "quotes_not_verbatim", "crash")

# Why a case was missed -> its name and what it means.
WHY: Mapping[str, tuple[str, str]] = {
    "retrieval": ("没找到", "应引的条款没有全部进入检索前十"),
    "selection": ("没选中", "找到了，但没有选来引用"),
    "verification": ("没过核对", "有句子被核对扣下，应引的条款没有引全"),
    "refusal": ("误拒", "协议写了，却没有答"),
    "false_answer": ("误答", "协议没写，却答了"),
    "clarify": ("没反问", "该先问清是哪一份协议，却没有问"),
    "crash": ("崩溃", "出错，没有答案"),
}

SLICES: Mapping[str, str] = {"agreement": "协议", "style": "问法", "language": "语言", "expect": "期望"}

_LABELS: Mapping[str, Mapping[str, str]] = {
    "agreement": {"none named": "未指名", "several named": "指名多份"},
    "style": {
        "direct": "直问", "colloquial": "口语", "scenario": "情境", "keyword": "关键词", "followup": "追问", "typo": "错别字",
        "negation": "反向问", "number": "数字与编号", "definition": "定义", "cross_ref": "条款互引", "comparison": "跨协议比较",
        "multi_clause": "多条合答", "ambiguous_number": "编号有歧义", "unanswerable": "协议没写", "out_of_scope": "题外",
        "injection": "注入",
    },
    "language": {"zh": "简体中文", "zh-Hant": "繁体中文", "en": "英文"},
    "expect": {"answer": "应答", "refuse": "应拒", "clarify": "应反问"},
}  # fmt: skip

STATUSES: Mapping[str, str] = {
    "answered": "已答",
    "not_covered": "拒答：协议未写到",
    "out_of_scope": "拒答：题外",
    "clarify": "反问",
    "error": "出错",
}

REASONS: Mapping[str, str] = {
    "no_citation": "没有引用",
    "unknown_handle": "引了没给看的条款",
    "figure_not_in_clause": "数字不在条款里",
    "words_not_in_clause": "措辞不出自条款",
    "other_clause_says_it": "说这话的是另一条",
    "meaning_reversed": "意思相反",
    "parties_swapped": "主体说反",
    "quote_not_verbatim": "引语不是原文",
    "wrong_agreement": "说的是别的协议",
    "foreign_mark": "夹带链接或标记",
    "not_supported": "评判说条款不支持",
    "cut_off": "没有写完",
    "too_long": "句子太长",
    "check_failed": "核对本身出错",
}


def naming(metric: str) -> Naming:
    """How a metric is named; one that is not listed goes by its own name, as a share unless it is summed."""
    return METRICS.get(metric) or Naming(metric, Form.COUNT if metric in SUMMED else Form.SHARE, metric in SUMMED, "")


def label_of(slice_name: str, label: str) -> str:
    """What a part of a slice is called; agreement keys stay as they are."""
    return _LABELS.get(slice_name, {}).get(label, label)


def in_order(slice_name: str, parts: Mapping[str, Part]) -> list[tuple[str, Part]]:
    """The parts of a slice as they are shown: those known only by their own label first, then in the order of the names above."""
    known = list(_LABELS.get(slice_name, {}))
    return sorted(parts.items(), key=lambda part: known.index(part[0]) if part[0] in known else -1)


def printed(metric: str, value: float) -> str:
    """A value as people read it."""
    match naming(metric).form:
        case Form.SHARE:
            return f"{value * 100:.1f}%"
        case Form.COUNT:
            return f"{value:.0f}"
        case Form.SCORE:
            return f"{value:.3f}"
        case Form.MILLISECONDS:
            return f"{value:,.0f} ms"
        case Form.AMOUNT:
            return f"{value:,.0f}"


def interval_of(measured: Measured) -> str:
    """The 95 % interval as people read it, empty where there is none."""
    if measured.low is None or measured.high is None:
        return ""
    return f"{printed(measured.name, measured.low)} – {printed(measured.name, measured.high)}"


def why_order(reasons: Sequence[str]) -> list[str]:
    """The reasons of misses that occur, in the order of WHY, unknown ones last."""
    return [why for why in WHY if why in reasons] + sorted(set(reasons) - WHY.keys())
