"""The operations that step goes through: each says what whole or absent means for it."""

import json
import shutil
import subprocess

import bundles
import hostile
import kist
import registry
import sandbox
from stepping import Subject

ALIVE = ("sleep", "1000")


def forgive_the_killed(self, step, report, err):
    """What was killed had become the command, as far as anybody can tell."""
    if step.how == "kill one" and report["status"] == 128 + 9:
        return []
    return Subject.judge_failure(self, step, report, err)


# ----------------------------------------------------------------------------------------- engines


class OfEngine(Subject):
    """On an engine of its own, warm: what a first time makes for good is there."""

    statuses = (1, 125)

    def __init__(self):
        super().__init__()
        self.engine = kist.Engine()
        self.env = self.engine.env
        self.engine.load_busybox()
        self.engine.kist("run", "--rm", "-v", "/data", "busybox", "true")

    def roots(self):
        return (self.engine.root, self.engine.runroot), [self.engine.tag]

    def recover(self):
        done = self.engine.kist("ps", "-a", "-q", "--no-trunc", status=None)
        return [] if done.returncode == 0 else [f"the next command fails: {done.stderr.strip()}"]

    def close(self):
        return super().close() + self.engine.close()


class Making(OfEngine):
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
    states = ("running", "exited")  # the latter where its process was killed a moment before it became the command
    statuses = (125, 126, 127)

    def command(self):
        return self.engine.command("run", "-d", "--name", "victim", "-v", "/data", "-p", "18080:80", "busybox", *ALIVE)


class RunRm(Making):
    name = "run --rm"
    states = ("running",)
    gone_is_success = True
    statuses = (125, 126, 127, 255)  # 255: nobody saw the end
    judge_failure = forgive_the_killed

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


class Restart(Ending):
    name = "restart"
    states = ("running", "exited")

    def command(self):
        return self.engine.command("restart", "victim")


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

    judge_failure = forgive_the_killed

    def look(self, done):
        shown = self.engine.kist("exec", "victim", "/bin/busybox", "echo", "alive", status=None)
        wrong = [] if shown.stdout == "alive\n" else [f"the next exec fails: {shown.stderr.strip()}"]
        return wrong + super().look(done)


class Image(OfEngine):
    """An operation that makes the image "thing:1", or does not."""

    def __init__(self):
        super().__init__()
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

    def __init__(self):
        super().__init__()
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

    def __init__(self):
        super().__init__()
        self.registry = registry.Registry(self.folder).start()
        self.name_of_image = self.registry.push(registry.Image(self.layers, {"Cmd": ["/four"]}), "thing:1")

    def command(self):
        return self.engine.command("pull", self.name_of_image)

    def close(self):
        self.registry.stop()
        return super().close()


# ----------------------------------------------------------------------------------------- runtime


class OfRuntime(Subject):
    """On a container "victim" of kist-runtime's own. Its next command is `delete --force`, as everybody's who runs
    a runtime. The root file system is a folder in an attacker's hands."""

    states = ()
    detached = True
    args = ALIVE

    def __init__(self, program=None):
        super().__init__()
        self.runtime = bundles.Runtime(program)
        self.pristine = self.runtime.bundle(*self.args)
        rootfs = self.pristine.rootfs
        for name in ("etc/hosts", "data/deep/old"):
            (rootfs / name).parent.mkdir(parents=True, exist_ok=True)
            (rootfs / name).touch()
        (self.folder / "source").mkdir()
        (self.folder / "source/file").touch()
        self.pristine.mount("/data/deep/dir", source=self.folder / "source", options=["rbind"])
        self.pristine.mount("/etc/hosts", source=self.folder / "source/file", options=["bind", "ro"])
        self.pristine.mount("/scratch/new", "tmpfs")
        self.pristine.process["cwd"] = "/work/dir"
        self.cgroup = self.pristine.linux["cgroupsPath"].strip("/")
        self.below = rootfs
        self.copy = self.folder / "rootfs"
        shutil.copytree(rootfs, self.copy, symlinks=True)
        self.pristine.write()
        self.make("run")
        self.clean()

    def roots(self):
        return (self.runtime.root,), [self.cgroup]

    def make(self, verb):
        argv = self.runtime.command(verb, "--bundle", self.pristine.path, *(["-d"] if verb == "run" else []), "victim")
        subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=60)

    def attempt(self, step, before):
        outcome = super().attempt(step, before)
        if step.how.startswith("swap"):
            shutil.rmtree(self.below)
            shutil.copytree(self.copy, self.below, symlinks=True)
        return outcome

    def look(self, done):
        shown = self.runtime("state", "victim", status=None)
        if shown.returncode != 0:
            if "is damaged; run delete --force" in shown.stderr and not done:
                return []  # killed before it could write down anything
            if "does not exist" not in shown.stderr:
                return [f"its state cannot be told: {shown.stderr.strip()}"]
            return ["it says success, and there is no container"] if done and "gone" not in self.states else []
        state = json.loads(shown.stdout)["status"]
        return [] if state in self.states else [f"the container is {state}"]

    def clean(self):
        self.runtime("delete", "--force", "victim")
        for top in sandbox.cgroup_mounts():  # the folder that the bundle named may stay; what is in it may not
            if (kist.Path(top) / self.cgroup).is_dir():
                (kist.Path(top) / self.cgroup).rmdir()

    def close(self):
        self.runtime.close()
        return super().close()


class RuntimeCreate(OfRuntime):
    name = "runtime create"
    states = ("creating", "created", "stopped")

    def command(self):
        return self.runtime.command("create", "--bundle", self.pristine.path, "victim")


class RuntimeStart(OfRuntime):
    name = "runtime start"
    states = ("created", "running", "stopped")

    def prepare(self):
        self.make("create")

    def command(self):
        return self.runtime.command("start", "victim")


class RuntimeRun(OfRuntime):
    name = "runtime run"
    states = ("creating", "created", "running", "stopped", "gone")
    args = ("true",)
    statuses = (1, 126, 127)
    judge_failure = forgive_the_killed

    def command(self):
        return self.runtime.command("run", "--bundle", self.pristine.path, "victim")


class RuntimeExec(OfRuntime):
    name = "runtime exec"
    states = ("running",)
    statuses = (1, 126, 127, 255)
    judge_failure = forgive_the_killed

    def prepare(self):
        self.make("run")

    def command(self):
        return self.runtime.command("exec", "victim", "true")


class RuntimeKill(OfRuntime):
    name = "runtime kill"
    states = ("running", "stopped")

    def prepare(self):
        self.make("run")

    def command(self):
        return self.runtime.command("kill", "victim", "KILL")


class RuntimeDelete(OfRuntime):
    name = "runtime delete"
    states = ("running", "paused", "stopped", "gone")  # it is frozen to be killed as a whole

    def prepare(self):
        self.make("run")

    def command(self):
        return self.runtime.command("delete", "--force", "victim")


OPERATIONS = {
    subject.name: subject
    for subject in (Create, Start, Run, RunRm, RunDetachedRm, Stop, Restart, Kill, Rm, Exec, Pull, Load, Import, Rmi,
                    RuntimeCreate, RuntimeStart, RuntimeRun, RuntimeExec, RuntimeKill, RuntimeDelete)
}
