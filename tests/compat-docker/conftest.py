import clients
import pytest


@pytest.fixture(scope="module")
def door(shared_engine):
    """A kistd for the tests of one file, with the image busybox, and a docker client that speaks with it."""
    from kistd import Kistd

    client = clients.docker()

    class Door(Kistd):
        def docker_env(self):
            return {**super().docker_env(), "PATH": f"{client.rpartition('/')[0]}:/usr/sbin:/usr/bin:/sbin:/bin"}

    with Door(shared_engine) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_left(request):
    """Containers of one test are not another's."""
    yield
    if "door" in request.fixturenames:
        request.getfixturevalue("door").engine.remove_all()
