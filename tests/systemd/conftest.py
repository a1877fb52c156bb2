"""These tests talk to systemd itself, so they run outside of the sandbox: in the virtual machine alone."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items):
    if Path("/run/systemd/private").exists():
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="systemd is not within reach: tests/vm/run --variant systemd"))
