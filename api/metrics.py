"""What the gateway counts, for Prometheus. No person, no device, no measurement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.ingest.intake import Intake
from gateway.store.database import Database
from gateway.supervision.supervisor import Supervisor


class GatewayCollector(Collector):
    """Reads the counters of the parts when asked. `brokers`: by name, what became of their messages."""

    def __init__(
        self,
        *,
        database: Database,
        intake: Intake,
        supervisor: Supervisor,
        brokers: Sequence[tuple[str, Callable[[], Mapping[str, int]]]] = (),
    ) -> None:
        self._database = database
        self._intake = intake
        self._supervisor = supervisor
        self._brokers = tuple(brokers)

    def collect(self) -> list[Metric]:
        """Counters of the store, the door and the supervisor."""
        commits = CounterMetricFamily("huoma_store_commits", "Transactions committed.")
        commits.add_metric([], self._database.commits)
        seconds = CounterMetricFamily("huoma_store_commit_seconds", "Time spent committing.")
        seconds.add_metric([], self._database.commit_seconds)
        readings = CounterMetricFamily("huoma_readings", "Readings by what became of them.", labels=["outcome"])
        for outcome, count in self._intake.counts.items():
            readings.add_metric([outcome], count)
        restarts = CounterMetricFamily(
            "huoma_part_restarts", "Parts that failed and were started again.", labels=["part"]
        )
        for part, count in self._supervisor.restarts.items():
            restarts.add_metric([part], count)
        messages = CounterMetricFamily(
            "huoma_broker_messages", "Messages of brokers by what became of them.", labels=["broker", "outcome"]
        )
        for broker, counts in self._brokers:
            for outcome, count in counts().items():
                messages.add_metric([broker, outcome], count)
        return [commits, seconds, readings, restarts, messages]
