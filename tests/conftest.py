"""Fixtures of every whole-program test.

Whoever starts pytest here as root lands in a sandbox (lib/sandbox.py): pytest is started again inside
it. Round every test, leakcheck (lib/leakcheck.py) compares what is there before and after.
"""

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# The library first, then the helpers that areas keep beside their tests.
AREAS = sorted(area for area in HERE.iterdir() if any(area.glob("test_*.py")))
sys.path[:0] = [str(HERE / "lib"), *map(str, AREAS)]

import sandbox  # noqa: E402


def helpers():
    """Names of the modules beside the tests and in lib/."""
    for folder in [HERE / "lib", *AREAS]:
        yield from (path.name for path in folder.glob("*.py") if not path.name.startswith(("test_", "conftest.")))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    twice = [name for name, count in Counter(helpers()).items() if count > 1]
    if twice:
        pytest.exit(f"helpers of tests share one name space, and more than one is called {', '.join(twice)}", returncode=3)
    config.addinivalue_line("markers", "slow: belongs to make nightly, not to make test")
    if "KIST_SESSION" in os.environ:
        return
    if os.geteuid() != 0:
        pytest.exit("the tests of whole programs make containers as root; run them as root", returncode=3)
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture:
        capture.stop_global_capturing()
    os._exit(sandbox.enter([*sys.orig_argv]))


def pytest_collection_modifyitems(config, items):
    """Tests marked slow run when KIST_NIGHTLY=1, or when the command line asks for them with -m."""
    if os.environ.get("KIST_NIGHTLY") == "1" or config.option.markexpr:
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.has_failed = report.get_result().failed


@pytest.fixture(autouse=True)
def leakcheck(request):
    """Fails the test if it leaves anything behind, or takes anything away."""
    import kist
    import leakcheck as check

    def take():
        return check.Snapshot(kist.Engine.living, kist.Engine.tags)

    before = take()
    yield
    if getattr(request.node, "has_failed", False):
        before.forget_own()
    lines = check.settled(before, take)
    if lines:
        pytest.fail("leakcheck:\n" + "\n".join(lines), pytrace=False)


@pytest.fixture
def bare_engine():
    """An engine of the test's own, without an image."""
    import kist

    engine = kist.Engine()
    yield engine
    left = engine.close()
    if left:
        pytest.fail("leakcheck:\n" + "\n".join(left), pytrace=False)


@pytest.fixture
def engine(bare_engine):
    """An engine of the test's own, with the image busybox."""
    bare_engine.load_busybox()
    return bare_engine


@pytest.fixture(scope="module")
def shared_engine():
    """An engine with the image busybox, for the tests of one file that only add and remove containers."""
    import kist

    engine = kist.Engine()
    engine.load_busybox()
    yield engine
    left = engine.close()
    if left:
        pytest.fail("leakcheck:\n" + "\n".join(left), pytrace=False)


@pytest.fixture
def kistd(engine):
    """A kistd for an engine of the test's own, with the image busybox."""
    from kistd import Kistd

    with Kistd(engine) as running:
        yield running
