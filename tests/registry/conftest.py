import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import fetchworker  # noqa: E402
import rogue  # noqa: E402
from kist import program  # noqa: E402


@pytest.fixture
def server():
    with rogue.Server() as server:
        yield server


@pytest.fixture
def other():
    """A second host."""
    with rogue.Server("127.0.0.2") as server:
        yield server


@pytest.fixture
def fetch():
    """fetch(domain, repository, ...): what the worker says, all of it."""
    def fetch(*job, **more):
        return fetchworker.fetch(program("kist-worker-fetch"), *job, **more)
    return fetch


@pytest.fixture
def refused(fetch):
    """refused(domain, repository, ...) -> the error that the worker ends with."""
    def refused(*job, **more):
        with pytest.raises(fetchworker.FetchError) as caught:
            fetch(*job, **more)
        return caught.value
    return refused
