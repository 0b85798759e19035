"""What the gateway counts, for Prometheus. No person, no device, no measurement."""

from __future__ import annotations

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.ingest.intake import Intake
from gateway.store.database import Database
from gateway.supervision.supervisor import Supervisor


class GatewayCollector(Collector):
    """Reads the counters of the parts when asked."""

    def __init__(self, *, database: Database, intake: Intake, supervisor: Supervisor) -> None:
        self._database = database
        self._intake = intake
        self._supervisor = supervisor

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
        return [commits, seconds, readings, restarts]
