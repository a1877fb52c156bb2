import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bundles  # noqa: E402


@pytest.fixture
def runtime():
    runtime = bundles.Runtime()
    yield runtime
    runtime.close()
