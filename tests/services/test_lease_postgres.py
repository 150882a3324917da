"""A lease in Postgres is one in SQLite."""

from __future__ import annotations

import pytest

from tests.bot.test_lease import clock as clock
from tests.bot.test_lease import process as process
from tests.bot.test_lease import test_a_lease_is_taken_by_one as test_a_lease_is_taken_by_one
from tests.bot.test_lease import test_a_lease_that_is_left_can_be_taken_at_once as test_a_lease_that_is_left_can_be_taken_at_once
from tests.bot.test_lease import (
    test_a_lease_that_is_not_renewed_for_thirty_seconds_is_free as test_a_lease_that_is_not_renewed_for_thirty_seconds_is_free,
)
from tests.bot.test_lease import (
    test_a_process_that_is_killed_loses_it_after_thirty_seconds as test_a_process_that_is_killed_loses_it_after_thirty_seconds,
)
from tests.bot.test_lease import (
    test_of_processes_that_race_one_at_a_time_holds_it as test_of_processes_that_race_one_at_a_time_holds_it,
)
from tests.services.test_postgres import cluster as cluster
from tests.services.test_postgres import database as database


@pytest.fixture
def url(database: str) -> str:
    return database
