"""For worker processes under test: chunks so small that a kill finds one, and leases that end soon."""

from tests.settings import *  # noqa: F403

JOB_CHUNK_ROWS = 20
JOB_LEASE_SECONDS = 3
