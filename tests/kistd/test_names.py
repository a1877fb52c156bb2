"""Names in paths are names: none of them leads anywhere else, and each gets a clear answer."""

import pytest

NAMES = ["..", ".", "%2e%2e", "...", "-", "%20", "a%0ab", "%c3%a4", "%ff", "a" * 300, "a" * 20000, "%25", "$(id)", "~", "\\"]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_strange_name_is_not_found(kistd, name):
    asked = [("GET", f"/containers/{name}/json"), ("POST", f"/containers/{name}/start"), ("GET", f"/exec/{name}/json"),
             ("POST", f"/containers/{name}/stop"), ("DELETE", f"/containers/{name}?force=1"),
             ("GET", f"/containers/{name}/logs?stdout=1"), ("GET", f"/images/{name}/json"), ("DELETE", f"/images/{name}"),
             ("POST", f"/containers/{name}/wait"), ("GET", f"/containers/{name}/archive?path=/etc"),
             ("POST", f"/containers/{name}/attach?stream=1&stdout=1")]
    for method, path in asked:
        answer = kistd.ask(method, path)
        assert answer.status in (400, 404), (method, path[:80], answer.status, answer.body)
        assert answer.message
    assert kistd.get("/_ping").status == 200
    assert kistd.engine.out("images", "-q") != ""


@pytest.mark.parametrize("name", ["..", "a/b", "", "-a", "a b", "ä", "a" * 5000])
def test_a_container_cannot_be_called_so(kistd, name):
    from urllib.parse import quote

    answer = kistd.post(f"/containers/create?name={quote(name, safe='')}", {"Image": "busybox", "Cmd": ["true"]})
    if name == "":
        assert answer.status == 201  # one is made up
    else:
        assert answer.status == 400, answer.body
        assert "Invalid container name" in answer.message
