"""ps, images and inspect: what is shown of what there is."""

import json
import re

import kist


def test_empty_listings_have_their_headings(bare_engine):
    assert bare_engine.out("ps") == "CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES"
    assert bare_engine.out("images") == "REPOSITORY   TAG       IMAGE ID   CREATED   SIZE"
    assert bare_engine.out("ps", "-q") == bare_engine.out("images", "-q") == ""


def test_ps_shows_what_a_container_does(engine):
    port = kist.free_port()
    engine.kist("run", "-d", "--name", "up", "-p", f"{port}:80", "-l", "role=web", "-l", "a.b=1", "busybox",
                "sh", "-c", "sleep 1000", "x")
    engine.kist("run", "--name", "gone", "busybox", "sh", "-c", "exit 3", status=3)
    engine.kist("create", "--name", "fresh", "busybox", "true")
    running = engine.out("ps").splitlines()
    assert len(running) == 2
    assert re.fullmatch(rf'[0-9a-f]{{12}}   busybox   "sh -c \'sleep 1000\' x"   [\w ]+ ago   Up [\w ]+   '
                        rf"0\.0\.0\.0:{port}->80/tcp   up", running[1])
    rows = {row["Names"]: row for row in map(json.loads, engine.out("ps", "-a", "--format", "json").splitlines())}
    assert list(rows) == ["fresh", "gone", "up"]
    assert rows["gone"]["Status"].startswith("Exited (3) ")
    assert rows["fresh"]["Status"] == "Created" and rows["fresh"]["State"] == "created"
    assert rows["up"]["Labels"] == "a.b=1,role=web"
    assert engine.out("ps", "--format", '{{.Names}}:{{.Label "role"}}:{{.Label "no"}}') == "up:web:"
    assert engine.out("ps", "-a", "--format", "table {{.Names}}\\t{{.State}}") == (
        "NAMES     STATE\nfresh     created\ngone      exited\nup        running")
    whole = engine.out("ps", "--no-trunc", "--format", "{{.ID}} {{.Command}}")
    assert re.fullmatch(r"[0-9a-f]{64} \"sh -c 'sleep 1000' x\"", whole)
    assert whole.split()[0] == engine.out("ps", "-q", "--no-trunc")


def test_ps_filters_and_limits(engine):
    first = engine.out("create", "--name", "alpha", "-l", "x=1", "busybox", "true")
    engine.kist("create", "--name", "beta", "-l", "x=2", "-l", "y", "busybox", "true")
    engine.kist("run", "--name", "gamma", "busybox", "sh", "-c", "exit 7", status=7)

    def names(*words):
        return engine.out("ps", "--format", "{{.Names}}", *words).split()

    assert names() == []
    assert names("-a") == ["gamma", "beta", "alpha"]
    assert names("-l") == ["gamma"]
    assert names("-n", "2") == ["gamma", "beta"]
    assert names("-f", "status=created") == ["beta", "alpha"]
    assert names("-a", "-f", "name=^al") == ["alpha"]
    assert names("-a", "-f", "name=/beta$") == ["beta"]
    assert names("-a", "-f", "name=alpha", "-f", "name=gamma") == ["gamma", "alpha"]
    assert names("-a", "-f", "label=x") == ["beta", "alpha"]
    assert names("-a", "-f", "label=x", "-f", "label=y") == ["beta"]
    assert names("-a", "-f", "label=x=1") == ["alpha"]
    assert names("-a", "-f", "exited=7") == ["gamma"]
    assert names("-a", "-f", "ancestor=busybox:latest", "-f", "label=y") == ["beta"]
    assert names("-a", "-f", f"id={first[:6]}") == ["alpha"]
    assert names("-a", "-f", "ancestor=debian") == []


def test_images_are_listed_by_name_and_removed_by_name(engine):
    engine.kist("tag", "busybox", "other/name:1")
    rows = [line.split() for line in engine.out("images").splitlines()[1:]]
    assert sorted((row[0], row[1]) for row in rows) == [("busybox", "latest"), ("other/name", "1")]
    ident = engine.out("images", "-q", "--no-trunc")
    assert re.fullmatch("sha256:[0-9a-f]{64}", ident)
    assert engine.out("images", "--format", "{{.Tag}}", "other/name") == "1"
    assert engine.out("images", "--format", "{{.Repository}}", "--filter", "reference=bus*") == "busybox"
    assert engine.out("images", "-q", "-f", "dangling=true") == ""
    assert engine.out("rmi", "other/name:1") == "Untagged: other/name:1"
    lines = engine.out("rmi", ident).splitlines()
    assert lines[0] == "Untagged: busybox:latest" and f"Deleted: {ident}" in lines
    assert engine.out("images", "-q") == ""


def test_an_image_in_use_stays(engine):
    engine.kist("create", "--name", "user", "busybox", "true")
    done = engine.kist("rmi", "busybox", status=1)
    assert "container" in done.stderr and done.stdout == ""
    assert engine.out("images", "-q")


def test_rmi_goes_on_after_a_failure(engine):
    engine.kist("tag", "busybox", "second")
    done = engine.kist("rmi", "nope", "second", status=1)
    assert done.stdout == "Untagged: second:latest\n"
    assert done.stderr == "Error: No such image: nope:latest\n"
    assert engine.kist("rmi", "-f", "nope").stderr == "Error: No such image: nope:latest\n"


def test_inspect_says_what_was_asked_for(engine, tmp_path):
    port = kist.free_port()
    engine.kist("run", "-d", "--name", "web", "-p", f"127.0.0.1:{port}:80", "-e", "A=b", "-l", "k=v", "-w", "/tmp",
                "-m", "64m", "--cpus", "0.5", "--pids-limit", "99", "--read-only", "--tmpfs", "/t:size=1m",
                "-v", f"{tmp_path}:/data:ro", "--hostname", "box", "busybox", "sleep", "1000")
    web = engine.inspect("web")
    assert web["Name"] == "/web" and web["Path"] == "sleep" and web["Args"] == ["1000"]
    state = web["State"]
    assert state["Running"] and state["Status"] == "running" and kist.alive(state["Pid"])
    assert not state["OOMKilled"] and state["FinishedAt"] == "0001-01-01T00:00:00Z"
    assert web["Image"] == engine.out("images", "-q", "--no-trunc")
    host = web["HostConfig"]
    assert host["Memory"] == 64 << 20 and host["NanoCpus"] == 500000000 and host["PidsLimit"] == 99
    assert host["ReadonlyRootfs"] and host["Tmpfs"] == {"/t": "size=1m"}
    assert host["Binds"] == [f"{tmp_path}:/data:ro"] and host["NetworkMode"] == "bridge"
    assert host["PortBindings"] == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
    mounts = {mount["Destination"]: mount for mount in web["Mounts"]}
    assert mounts["/data"]["Type"] == "bind" and not mounts["/data"]["RW"]
    config = web["Config"]
    assert config["Hostname"] == "box" and "A=b" in config["Env"] and config["Labels"] == {"k": "v"}
    assert config["Cmd"] == ["sleep", "1000"] and config["Image"] == "busybox" and config["WorkingDir"] == "/tmp"
    network = web["NetworkSettings"]
    assert network["Ports"] == host["PortBindings"]
    assert network["IPAddress"] == network["Networks"]["bridge"]["IPAddress"] != ""
    assert engine.out("port", "web") == f"80/tcp -> 127.0.0.1:{port}"
    assert engine.out("port", "web", "80") == engine.out("port", "web", "80/tcp") == f"127.0.0.1:{port}"
    assert "no public port" in engine.kist("port", "web", "81", status=1).stderr


def test_inspect_through_templates(engine):
    engine.kist("create", "--name", "one", "-l", "com.example.x=1", "busybox", "sh", "-c", "true")

    def show(template):
        return engine.out("inspect", "-f", template, "one")

    assert show("{{.Name}} {{.State.Status}}") == "/one created"
    assert show("{{json .Args}}") == '["-c","true"]'
    assert show('{{index .Config.Labels "com.example.x"}}|{{index .Config.Labels "y"}}|{{.Config.Labels.y}}') == "1||<no value>"
    assert show("{{range .Args}}<{{.}}>{{end}}{{if .State.Running}}up{{else}}down{{end}}") == "<-c><true>down"
    assert show("{{.HostConfig.Binds}}{{.NetworkSettings.Ports}}") == "[]map[]"
    assert json.loads(show("json"))["Name"] == "/one"
    done = engine.kist("inspect", "-f", "{{.Nmae}}", "one", status=1)
    assert done.stdout == ""
    assert done.stderr == ('Error: template parsing error: template: :1:2: executing "" at <.Nmae>: map has no entry '
                           'for key "Nmae"; did you mean "Name"?\n')
    assert 'function "nope" not defined' in engine.kist("inspect", "-f", "{{nope}}", "one", status=1).stderr


def test_inspect_finds_what_it_can(engine):
    engine.kist("create", "--name", "one", "busybox", "true")
    done = engine.kist("inspect", "one", "nope", "busybox", status=1)
    assert [bool(o.get("State")) for o in json.loads(done.stdout)] == [True, False]
    assert done.stderr == "Error: No such object: nope\n"
    done = engine.kist("inspect", "nope", status=1)
    assert done.stdout == "[]\n"
    assert engine.kist("container", "inspect", "busybox", status=1).stderr == "Error: No such container: busybox\n"
    assert engine.kist("image", "inspect", "one", status=1).stderr.startswith("Error: No such image: one")
    assert json.loads(engine.out("inspect", "--type", "image", "busybox"))[0]["RepoTags"] == ["busybox:latest"]
    assert "--type" in engine.kist("inspect", "--type", "thing", "x", status=1).stderr


def test_a_hostile_label_stays_a_text(engine):
    label = 'quote="\\\n\t{{.ID}}\x1b[31m\u2028é'
    engine.kist("create", "--name", "odd", "-l", label, "busybox", "true")
    assert engine.inspect("odd")["Config"]["Labels"] == {"quote": label.partition("=")[2]}
    assert engine.out("ps", "-a", "--format", '{{json .Names}}') == '"odd"'
