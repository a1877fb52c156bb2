import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import hostile  # noqa: E402


@pytest.fixture
def canary(tmp_path):
    return hostile.Canary(tmp_path / "canary")


@pytest.fixture
def peer(tmp_path):
    return hostile.Peer(tmp_path / "peer")

