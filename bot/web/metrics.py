"""What is counted for Prometheus: how many, how long, how it ended. Nobody's words and nobody's name."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from answering.answer import Answer, Reason, Status

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)


class Metrics:
    """The counts of one process since it was started."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._questions = Counter(
            "wenyue_questions", "Questions answered, by how it ended.", ["channel", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "wenyue_answer_seconds", "Time to a whole answer.", ["channel"], buckets=_SECONDS, registry=self._registry
        )
        self._withheld = Counter("wenyue_withheld", "Statements withheld, by the check they failed.", ["reason"], registry=self._registry)
        self._model_errors = Counter("wenyue_model_errors", "Answers for which a model failed.", ["channel"], registry=self._registry)
        self._failures = Counter("wenyue_failures", "Questions that could not be answered.", ["channel"], registry=self._registry)
        self._votes = Counter("wenyue_votes", "Votes on answers.", ["verdict"], registry=self._registry)
        self._refused = Counter("wenyue_refused_requests", "Requests refused, by HTTP status.", ["status"], registry=self._registry)
        for reason in Reason:  # a count that was never raised is 0, not absent
            self._withheld.labels(reason.value)
        for status in Status:
            self._questions.labels("web", status.value)

    def answered(self, channel: str, answer: Answer) -> None:
        """Count a whole answer."""
        self._questions.labels(channel, answer.status.value).inc()
        self._seconds.labels(channel).observe(answer.latency_ms / 1000)
        for withheld in answer.withheld:
            self._withheld.labels(withheld.reason.value).inc()
        if answer.model_failed:
            self._model_errors.labels(channel).inc()

    def failed(self, channel: str) -> None:
        """Count a question that ended in an error of ours."""
        self._failures.labels(channel).inc()

    def voted(self, verdict: str) -> None:
        self._votes.labels(verdict).inc()

    def refused(self, status: int) -> None:
        """Count a request that was refused."""
        self._refused.labels(str(status)).inc()

    def text(self) -> bytes:
        """All counts as Prometheus reads them."""
        return generate_latest(self._registry)
