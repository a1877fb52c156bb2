import pytest

import monitor


@pytest.fixture
def make(tmp_path):
    """Makes containers; they end with the test, whatever it left of them."""
    made = []

    def make_one(*args, **options):
        made.append(monitor.Monitor(tmp_path / f"c{len(made)}", *args, **options))
        return made[-1]

    yield make_one
    for one in made:
        one.close()
