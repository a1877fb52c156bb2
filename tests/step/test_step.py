"""A sample of tests/step/run, which `make nightly` runs whole: some runs of each operation, the same each time."""

import sys

import kist
import operations
import pytest
import stepping

RUNS = 12


@pytest.mark.parametrize("name", operations.OPERATIONS)
def test_an_operation_is_whole_or_undone(name):
    subject = operations.OPERATIONS[name]()
    try:
        before = subject.rest()
        wrong, reached = [], 0
        for step in stepping.sample_of(subject.calls(), RUNS):
            arrived, found = subject.attempt(step, before)
            reached += arrived
            wrong += [f"{step}: {line}" for line in found]
        assert not wrong, "\n".join(wrong)
        assert reached >= RUNS / 4  # how often one polls is different each time; most runs meet their call
    finally:
        left = subject.close()
    assert not left


class Careless(stepping.Subject):
    """The control: an operation of one process that has never heard of any of this."""

    name = "careless"

    def __init__(self, engine, folder):
        super().__init__()
        self.engine = engine
        self.tree = folder / "tree"
        self.tree.mkdir()
        self.left = engine.root / "intents" / "left"
        self.below = self.tree

    def command(self):
        script = (f"import os; os.mkdir({str(self.left)!r}); os.rmdir({str(self.left)!r})\n"
                  f"open({str(self.tree / 'file')!r}, 'w').close()\n"
                  f"try: os.chdir({str(self.tree)!r})\n"
                  f"except OSError as e: raise SystemExit(f'kist: {{e.strerror}}')")
        return [sys.executable, "-S", "-E", "-c", script]

    def roots(self):
        return (self.engine.root,), [self.engine.tag]

    def clean(self):
        (self.tree / "file").unlink(missing_ok=True)


@pytest.mark.parametrize("name, how, expected", [
    ("rmdir", "kill tree", "left behind: file"),
    ("rmdir", "fail ENOMEM", "it says more than one sentence"),
    ("openat", "swap 0:0", "the decoy was touched: open"),
    ("chdir", "fail ENOMEM", "it says no more than errno"),
])
def test_what_an_operation_does_wrong_is_seen(engine, tmp_path, name, how, expected):
    subject = Careless(engine, tmp_path)
    try:
        before = subject.rest()
        call = [call for call in subject.calls() if call.name == name and call.subject.startswith(str(engine.folder.parent))][-1]
        if how.startswith("swap"):
            how = f"swap {call.swaps[-1]}"
        reached, found = subject.attempt(stepping.Step(call, how), before)
        assert reached and any(expected in line for line in found), (call, found)
        subject.left.rmdir() if subject.left.exists() else None
    finally:
        subject.close()


def swaps(subject, count):
    """The first finding about the decoy among some @count swaps, spread over the operation."""
    before = subject.rest()
    steps = [step for step in stepping.steps_of(subject.calls()) if step.how.startswith("swap")]
    assert len(steps) >= 10
    for step in steps[::max(1, len(steps) // count)]:
        for line in subject.attempt(step, before)[1]:
            if "decoy" in line:
                return line
    return None


@pytest.mark.parametrize("guarded", [True, False])
def test_a_swapped_component_leads_a_runtime_out_that_joins_strings(guarded):
    """The control of all swaps: the same runtime with naive code in place of kern/resolve.c."""
    naive = str(kist.BIN.parent / "tests" / "security" / "runtime-without-resolve-tool")
    subject = operations.RuntimeCreate(None if guarded else naive)
    try:
        assert bool(swaps(subject, 60)) != guarded
    finally:
        subject.close()


def test_sentences():
    good = ["kist: open state folder /x: Input/output error", "kist: the monitor died",
            "kist: warning: no swap\nkist: the monitor died", "kist: the monitor died\n\nRun 'kist run --help' for more information\n"]
    bad = ["", "Input/output error", "kist: Input/output error", "kist: run: No space left on device", "kist: a\nkist: b",
           "kist: open x: Success", "kist: open (null): Input/output error", "Segmentation fault", "kist: "]
    assert [text for text in good if stepping.unclear(text)] == []
    assert [text for text in bad if not stepping.unclear(text)] == []
