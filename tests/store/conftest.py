import pytest
from storetool import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)
