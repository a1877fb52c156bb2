import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import topology  # noqa: E402


@pytest.fixture
def net(tmp_path):
    net = topology.Net(tmp_path / "one")
    yield net
    net.close()


@pytest.fixture
def other_net(tmp_path):
    net = topology.Net(tmp_path / "two")
    yield net
    net.close()


@pytest.fixture
def neighbour():
    neighbour = topology.Neighbour()
    yield neighbour
    neighbour.close()
