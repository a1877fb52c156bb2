"""The sandbox beside Docker's, fact by fact: see golden.py. What may differ is in the file `differences`."""

import golden
import pytest

MISSING = golden.missing()
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
PLAIN = ["--network", "none"]
# The variants that hold every kind of difference; the others are for the night.
CORE = {"default", "privileged", "cap-add", "cap-add-all", "no-new-privileges", "seccomp-file", "read-only", "network-host", "cgroupns-host",
        "limits", "devices", "mounts"}
MORE = [*PLAIN, "--cap-add", "SYS_PTRACE", "--cap-add", "SYS_BOOT", "--tmpfs", "/scratch"]


class Facts:
    """All that the tests of this run ask for, collected before the first of them: dockerd has come and gone by then."""

    def __init__(self, folder, variants):
        comparison = golden.Comparison(folder)
        try:
            self.differences = {variant: golden.differing(*comparison.facts(variant)) for variant in variants}
            self.plain, self.more = (golden.collect(comparison.kist, options, "golden-control", comparison.folder) for options in (PLAIN, MORE))
        finally:
            comparison.close()


@pytest.fixture(scope="module")
def facts(request, tmp_path_factory):
    items = [item for item in request.session.items if item.fspath == request.fspath]
    wanted = {item.callspec.params["variant"] for item in items if hasattr(item, "callspec")}
    if any(item.name == "test_everything_listed_is_there" for item in items):
        wanted |= CORE
    return Facts(tmp_path_factory.mktemp("golden"), wanted)


@pytest.mark.parametrize("variant", [variant if variant in CORE else pytest.param(variant, marks=pytest.mark.slow) for variant in golden.VARIANTS])
def test_nothing_differs_but_what_is_listed(facts, variant):
    left = golden.unlisted(golden.read_list(), variant, facts.differences[variant])
    assert not left, "\n" + "\n".join(f"{variant} | {' | '.join(difference)}" for difference in left[:40])


def test_everything_listed_is_there(facts):
    """In one variant or another: a reason that is none any more misleads."""
    lines = golden.read_list()
    for variant, differences in facts.differences.items():
        golden.unlisted(lines, variant, differences)
    stale = [f"line {line.number}: nothing for {kind} {pattern}" for line in lines for kind, pattern in sorted(line.unseen)]
    assert not stale, "\n" + "\n".join(stale)


def test_a_difference_would_be_seen(facts):
    """The control: one container has two capabilities, a system call and a mount more, and each is a difference."""
    names = {name for name, _, _ in golden.differing(facts.plain, facts.more)}
    assert names >= {"status CapEff", "status CapBnd", "seccomp x86_64 reboot", "seccomp i386 reboot", "mount /scratch", "file /scratch"}
    assert not golden.differing(facts.plain, dict(facts.plain))
