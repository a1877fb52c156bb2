"""The operations that step goes through: each says what whole or absent means for it."""

import kist
from stepping import Subject

ALIVE = ("sleep", "1000")


class Making(Subject):
    """An operation that makes the container "victim", or does not."""

    states = ()  # that it may be in afterwards
    gone_is_success = False

    def look(self, done):
        names = self.engine.out("ps", "-a", "--format", "{{.Names}}").split()
        if not names:
            return ["it says success, and there is no container"] if done and not self.gone_is_success else []
        if names != ["victim"]:
            return [f"the containers are {names}"]
        shown = self.engine.kist("inspect", "--format", "{{.State.Status}}", "victim", status=None)
        if shown.returncode != 0:
            return [f"the container cannot be inspected: {shown.stderr.strip()}"]
        if shown.stdout.strip() not in self.states:
            return [f"the container is {shown.stdout.strip()}"]
        return []

    def clean(self):
        for name in self.engine.out("ps", "-a", "-q", "--no-trunc").split():
            self.engine.kist("rm", "-f", "-v", name, status=None)


class Create(Making):
    name = "create"
    states = ("created",)

    def command(self):
        return self.engine.command("create", "--name", "victim", "-v", "/data", "-p", "18080:80", "busybox", *ALIVE)


class Start(Making):
    name = "start"
    states = ("created", "running", "exited")

    def prepare(self):
        self.engine.kist("create", "--name", "victim", "-v", "/data", "-p", "18080:80", "busybox", *ALIVE)

    def command(self):
        return self.engine.command("start", "victim")


class Run(Making):
    name = "run"
    states = ("running",)

    def command(self):
        return self.engine.command("run", "-d", "--name", "victim", "-v", "/data", "-p", "18080:80", "busybox", *ALIVE)


class RunRm(Making):
    name = "run --rm"
    states = ("running",)
    gone_is_success = True
    statuses = (125, 126, 127, 255)  # 255: nobody saw the end

    def command(self):
        return self.engine.command("run", "--rm", "--name", "victim", "-v", "/data", "busybox", "true")


class RunDetachedRm(RunRm):
    """The one that ends by itself: the monitor cleans up."""

    name = "run -d --rm"
    whole = True

    def command(self):
        return self.engine.command("run", "-d", "--rm", "--name", "victim", "busybox", "true")


class Ending(Making):
    """An operation on the running container "victim"."""

    def prepare(self):
        self.engine.kist("run", "-d", "--name", "victim", "--stop-signal", "KILL", "-v", "/data", "-p", "18080:80",
                         "busybox", *ALIVE)


class Stop(Ending):
    name = "stop"
    states = ("running", "exited")

    def command(self):
        return self.engine.command("stop", "victim")


class Kill(Ending):
    name = "kill"
    states = ("running", "exited")

    def command(self):
        return self.engine.command("kill", "victim")


class Rm(Ending):
    name = "rm"
    states = ("running", "exited")
    gone_is_success = True

    def command(self):
        return self.engine.command("rm", "-f", "-v", "victim")


class Exec(Making):
    name = "exec"
    states = ("running",)
    statuses = (1, 125, 126, 127)

    def prepare(self):
        self.engine.kist("run", "-d", "--name", "victim", "--network", "none", "busybox", *ALIVE)

    def command(self):
        return self.engine.command("exec", "victim", "true")

    def judge_failure(self, step, report, err):
        if step.how == "kill one" and report["status"] == 128 + 9:
            return []  # what was killed had become the command, as far as anybody can tell
        return super().judge_failure(step, report, err)

    def look(self, done):
        shown = self.engine.kist("exec", "victim", "/bin/busybox", "echo", "alive", status=None)
        wrong = [] if shown.stdout == "alive\n" else [f"the next exec fails: {shown.stderr.strip()}"]
        return wrong + super().look(done)


class Image(Subject):
    """An operation that makes the image "thing:1", or does not."""

    def __init__(self, engine):
        super().__init__(engine)
        import hostile
        import registry

        files = {"etc": None, "etc/one": b"1" * 100_000, "two": b"2" * 3000, "three": ("link", "etc/one")}
        self.layers = [registry.tar_of(files), registry.tar_of({"etc": None, "etc/.wh.one": b"", "four": b"4"})]
        self.archive = self.folder / "thing.tar"
        self.archive.write_bytes(hostile.archive(self.layers, {"Cmd": ["/four"]}, "thing:1"))

    name_of_image = "thing:1"
    gone_is_success = False

    def look(self, done):
        names = self.engine.out("images", "--format", "{{.Repository}}:{{.Tag}}").split()
        names = [name for name in names if not name.startswith("busybox:")]
        if not names:
            return ["it says success, and there is no image"] if done and not self.gone_is_success else []
        if [name.removeprefix("docker.io/library/") for name in names] != [self.name_of_image]:
            return [f"the images are {names}"]
        if done and self.gone_is_success:
            return ["it says success, and the image is there"]
        made = self.engine.kist("create", "--name", "probe", self.name_of_image, "/four", status=None)
        if made.returncode != 0:
            return [f"the image is there, and cannot be used: {made.stderr.strip()}"]
        self.engine.kist("rm", "probe")
        return []

    def clean(self):
        for name in self.engine.out("images", "-a", "--format", "{{.Repository}}:{{.Tag}}").split():
            if not name.startswith("busybox:"):
                self.engine.kist("rmi", "-f", name, status=None)


class Load(Image):
    name = "load"

    def command(self):
        return self.engine.command("load", "-i", self.archive)


class Import(Image):
    name = "import"

    def __init__(self, engine):
        super().__init__(engine)
        self.tar = self.folder / "layer.tar"
        self.tar.write_bytes(self.layers[0])

    def command(self):
        return self.engine.command("import", self.tar, "thing:1")


class Rmi(Load):
    name = "rmi"
    gone_is_success = True

    def prepare(self):
        self.engine.kist("load", "-i", self.archive)

    def command(self):
        return self.engine.command("rmi", "thing:1")


class Pull(Image):
    name = "pull"

    def __init__(self, engine):
        super().__init__(engine)
        import registry

        self.registry = registry.Registry(self.folder).start()
        self.name_of_image = self.registry.push(registry.Image(self.layers, {"Cmd": ["/four"]}), "thing:1")

    def command(self):
        return self.engine.command("pull", self.name_of_image)

    def close(self):
        self.registry.stop()
        super().close()


OPERATIONS = {
    subject.name: subject
    for subject in (Create, Start, Run, RunRm, RunDetachedRm, Stop, Kill, Rm, Exec, Pull, Load, Import, Rmi)
}


def make(name):
    """The operation on an engine of its own, ready, and warm: what a first time makes for good is there."""
    engine = kist.Engine()
    engine.load_busybox()
    engine.kist("run", "--rm", "-v", "/data", "busybox", "true")
    return OPERATIONS[name](engine)


def unmake(subject):
    """Sentences that say what was left."""
    subject.close()
    return subject.engine.close()
