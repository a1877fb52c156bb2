"""The docker client and kist act on the same containers."""

import base64
import json
import os
import pty
import re
import select
import subprocess
import time

import kist
import pytest


def out(door, *args, **options):
    return door.docker(*args, **options).stdout.rstrip("\n")


def in_terminal(door, *args, rows=33, columns=77, typed=b"", after=b"", timeout=20):
    """What the docker client shows in a terminal of its own, and its exit status.

    @typed is typed once @after is seen.
    """
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(["docker", *args], env=door.docker_env(), stdin=slave, stdout=slave, stderr=slave,
                               start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(slave)
    shown, deadline = b"", time.monotonic() + timeout * kist.PATIENCE
    try:
        while time.monotonic() < deadline:
            if typed and after in shown:
                os.write(master, typed)
                typed = b""
            if not select.select([master], [], [], 0.1)[0]:
                if process.poll() is not None:
                    break
                continue
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        return shown.decode(), process.wait(timeout=10)
    finally:
        kist.kill_and_reap(process)
        os.close(master)


# --------------------------------------------------------------------------------------------- run


def test_run_in_front_carries_both_streams_and_the_exit_status(door):
    done = door.docker("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 7", status=7)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")
    assert door.engine.containers() == []


def test_run_in_front_without_rm_leaves_an_ended_container(door):
    door.docker("run", "--name", "web", "busybox", "sh", "-c", "exit 3", status=3)
    state = door.engine.inspect("web")["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 3)


def test_what_goes_in_comes_out(door):
    data = "x" * 300_000 + "\nend\n"
    assert door.docker("run", "-i", "--rm", "busybox", "cat", input=data).stdout == data


def test_a_command_that_does_not_exist_is_127_and_leaves_nothing_with_rm(door):
    done = door.docker("run", "--rm", "busybox", "nope", status=127)
    assert 'exec: "nope": executable file not found in $PATH' in done.stderr
    assert door.engine.containers() == []
    door.docker("run", "--rm", "busybox", "/etc", status=126)


def test_a_published_page_is_served_and_both_commands_list_it(door):
    port = kist.free_port()
    identity = out(door, "run", "-d", "--name", "web", "-p", f"{port}:80", "busybox", "httpd", "-f", "-h", "/www")
    assert kist.fetch(f"http://127.0.0.1:{port}/") == b"Hello, World!\n"
    shown = out(door, "ps", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.Ports}}")
    assert shown == f"{identity} web 0.0.0.0:{port}->80/tcp"
    assert shown == door.engine.out("ps", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.Ports}}")
    assert out(door, "port", "web") == f"80/tcp -> 0.0.0.0:{port}"


def test_a_terminal_is_one_of_the_size_of_the_clients(door):
    shown, status = in_terminal(door, "run", "--rm", "-it", "busybox", "sh", "-c", "tty; read x; sleep 1; stty size; exit 4",
                                typed=b"\r")
    assert status == 4
    assert "/dev/pts/0" in shown and "33 77" in shown
    assert door.engine.containers() == []


def test_detach_keys_leave_the_container_running(door):
    shown, _ = in_terminal(door, "run", "-it", "--name", "web", "busybox", "sh", "-c", "echo ready; sleep 100",
                           typed=b"\x10\x11", after=b"ready")
    assert door.engine.inspect("web")["State"]["Running"], shown


def test_options_arrive_at_the_container(door):
    shown = out(door, "run", "--rm", "-e", "A=b", "-w", "/tmp", "-u", "1:1", "-h", "name", "--memory", "64m",
                "--tmpfs", "/t:size=1m", "--read-only", "--entrypoint", "sh", "--cap-drop", "ALL",
                "--ulimit", "nofile=100:200", "busybox", "-c",
                "echo $A $PWD $(id -u) $(hostname) $(ulimit -n); grep CapEff /proc/self/status; touch /x 2>&1; touch /t/x")
    assert shown.splitlines() == ["b /tmp 1 name 100", "CapEff:\t0000000000000000", "touch: /x: Read-only file system"]


def test_a_volume_and_a_folder_of_the_host_are_mounted(door, tmp_path):
    (tmp_path / "file").write_text("from the host\n")
    arguments = ["-v", f"{tmp_path}:/host:ro", "--mount", "type=volume,src=data,dst=/data"]
    assert out(door, "run", "--rm", *arguments, "busybox", "sh", "-c", "echo kept >/data/x; cat /host/file") == "from the host"
    assert out(door, "run", "--rm", *arguments, "busybox", "cat", "/data/x") == "kept"
    assert "Read-only" in door.docker("run", "--rm", *arguments, "busybox", "touch", "/host/x", status=1).stderr


def test_what_is_not_supported_is_refused_by_name(door):
    done = door.docker("create", "--health-cmd", "true", "busybox", status=1)
    assert "health checks are not supported yet" in done.stderr
    done = door.docker("create", "--log-driver", "syslog", "busybox", status=1)
    assert 'HostConfig.LogConfig.Type: "syslog" is not supported yet' in done.stderr
    assert door.engine.containers() == []


def test_a_missing_image_is_told_after_a_pull_was_tried(door):
    done = door.docker("run", "--rm", "localhost:1/nosuch", status=125)
    assert "Unable to find image 'localhost:1/nosuch:latest' locally" in done.stderr
    assert "registry localhost:1 cannot be used" in done.stderr


def test_names_are_taken_once(door):
    door.docker("create", "--name", "web", "busybox", "true")
    done = door.docker("create", "--name", "web", "busybox", "true", status=1)
    assert 'The container name "/web" is already in use' in done.stderr


# -------------------------------------------------------------------------------------------- life


def test_each_command_sees_what_the_other_did(door):
    door.engine.kist("create", "--name", "web", "busybox", "sleep", "100")
    assert out(door, "ps", "-a", "--format", "{{.Names}} {{.State}}") == "web created"
    door.docker("start", "web")
    assert door.engine.inspect("web")["State"]["Status"] == "running"
    door.docker("pause", "web")
    assert "(Paused)" in door.engine.out("ps", "--format", "{{.Status}}")
    door.docker("unpause", "web")
    door.docker("rename", "web", "shop")
    first = door.engine.inspect("shop")["State"]["Pid"]
    door.docker("restart", "-t", "0", "shop")
    assert door.engine.inspect("shop")["State"]["Pid"] != first
    door.docker("kill", "shop")
    assert out(door, "wait", "shop") == "137"
    assert door.engine.inspect("shop")["State"]["ExitCode"] == 137
    door.docker("rm", "shop")
    assert door.engine.containers() == []


def test_stop_ends_with_the_signal_and_rm_of_a_running_one_is_refused(door):
    door.docker("run", "-d", "--name", "web", "busybox", "sh", "-c", "trap 'exit 9' TERM; while :; do sleep 0.1; done")
    done = door.docker("rm", "web", status=1)
    assert "container is running: stop the container before removing or force remove" in done.stderr
    door.docker("stop", "web")
    assert door.engine.inspect("web")["State"]["ExitCode"] == 9
    door.docker("stop", "web")


def test_wait_is_told_of_the_end_and_of_the_removal(door):
    door.docker("run", "-d", "--rm", "--name", "web", "busybox", "sh", "-c", "sleep 1; exit 6")
    assert out(door, "wait", "web") == "6"
    kist.wait_until(lambda: door.engine.containers() == [], what="--rm")


def test_start_attached_brings_output_and_status(door):
    door.docker("create", "--name", "web", "busybox", "sh", "-c", "echo here; exit 5")
    for _ in range(2):
        assert door.docker("start", "-a", "web", status=5).stdout == "here\n"


def test_prune_removes_what_has_ended(door):
    door.docker("run", "--name", "old", "busybox", "true")
    door.docker("run", "-d", "--name", "live", "busybox", "sleep", "100")
    assert "Deleted Containers" in out(door, "container", "prune", "-f")
    assert door.engine.out("ps", "-a", "--format", "{{.Names}}") == "live"


def test_ps_filters(door):
    door.docker("run", "-d", "--name", "one", "-l", "kind=x", "busybox", "sleep", "100")
    door.docker("create", "--name", "two", "-l", "kind=y", "busybox", "true")

    def names(*filters):
        return sorted(out(door, "ps", "-a", "--format", "{{.Names}}", *[f"--filter={f}" for f in filters]).split())

    assert names() == ["one", "two"]
    assert names("label=kind=x") == names("status=running") == names("name=on") == ["one"]
    assert names("label=kind") == names("ancestor=busybox") == names("network=bridge") == ["one", "two"]
    assert names("since=one") == ["two"] and names("before=two") == ["one"]
    assert "invalid filter" in door.docker("ps", "--filter", "nosuch=1", status=1).stderr


# ---------------------------------------------------------------------------------- logs and streams


def test_logs_have_both_streams_tails_and_times(door):
    door.docker("run", "--name", "web", "busybox", "sh", "-c", "echo one; echo two; echo bad >&2")
    done = door.docker("logs", "web")
    assert (done.stdout, done.stderr) == ("one\ntwo\n", "bad\n")
    assert door.docker("logs", "--tail", "0", "web").stdout == ""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z one", out(door, "logs", "-t", "web").splitlines()[0])
    assert out(door, "logs", "--since", "1h", "web") == "one\ntwo"
    assert out(door, "logs", "--until", "1h", "web") == ""


def test_logs_follow_until_the_end(door):
    door.docker("run", "-d", "--name", "web", "busybox", "sh", "-c", "for i in 1 2 3 4; do echo $i; sleep 0.3; done")
    assert out(door, "logs", "-f", "web") == "1\n2\n3\n4"


def test_attach_sees_what_comes_and_gives_input(door):
    door.docker("run", "-d", "-i", "--name", "web", "busybox", "sh", "-c", "read x; echo got $x; exit 8")
    assert door.docker("attach", "web", input="words\n", status=8).stdout == "got words\n"


def test_exec_carries_streams_status_and_options(door):
    door.docker("run", "-d", "--name", "web", "busybox", "sleep", "100")
    done = door.docker("exec", "-e", "A=b", "-w", "/tmp", "-u", "1", "web", "sh", "-c",
                       "echo $A $PWD $(id -u); echo e >&2; exit 5", status=5)
    assert (done.stdout, done.stderr) == ("b /tmp 1\n", "e\n")
    assert door.docker("exec", "-i", "web", "cat", input="through\n").stdout == "through\n"
    assert "executable file not found" in door.docker("exec", "web", "nope", status=127).stdout
    door.docker("exec", "-d", "web", "touch", "/tmp/made")
    kist.wait_until(lambda: door.engine.kist("exec", "web", "ls", "/tmp/made", status=None).returncode == 0)
    shown, status = in_terminal(door, "exec", "-it", "web", "sh", "-c", "tty; sleep 1; stty size; exit 6")
    assert status == 6 and "/dev/pts/" in shown and "33 77" in shown


def test_exec_in_what_does_not_run_is_refused(door):
    door.docker("create", "--name", "web", "busybox", "true")
    assert "is not running" in door.docker("exec", "web", "true", status=1).stderr


# ------------------------------------------------------------------------------------- observation


def test_top_stats_and_diff(door):
    door.docker("run", "-d", "--name", "web", "busybox", "sh", "-c", "touch /tmp/new; rm /etc/group; sleep 100")
    kist.wait_until(lambda: "A /tmp/new" in out(door, "diff", "web"))
    assert "D /etc/group" in out(door, "diff", "web")
    assert "sleep 100" in out(door, "top", "web")
    assert out(door, "top", "web", "-o", "pid,comm").split()[:2] == ["PID", "COMMAND"]
    stats = json.loads(out(door, "stats", "--no-stream", "--format", "json", "web"))
    assert stats["Name"] == "web" and int(stats["PIDs"]) >= 1
    assert not stats["MemUsage"].startswith("0B")


def test_events_tell_of_both_commands(door):
    door.docker("run", "--rm", "--name", "told", "busybox", "true")
    door.engine.kist("run", "--rm", "--name", "seen", "busybox", "true")
    time.sleep(1.1)  # the client says now in whole seconds
    lines = out(door, "events", "--since", "1m", "--until", "0s", "--filter", "type=container",
                "--format", "{{.Action}} {{.Actor.Attributes.name}}").splitlines()
    for name in ("told", "seen"):
        actions = [line.split()[0] for line in lines if line.endswith(f" {name}")]
        assert [a for a in actions if a in ("create", "start", "die", "destroy")] == ["create", "start", "die", "destroy"]


def test_files_go_in_and_come_out(door, tmp_path):
    door.docker("run", "-d", "--name", "web", "busybox", "sleep", "100")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("content\n")
    door.docker("cp", tmp_path / "folder", "web:/srv")
    assert out(door, "exec", "web", "cat", "/srv/file") == "content"
    door.docker("cp", "web:/srv/file", tmp_path / "back")
    assert (tmp_path / "back").read_text() == "content\n"
    done = door.docker("cp", "web:/nope", tmp_path, status=1)
    assert "Could not find the file /nope in container web" in done.stderr


def test_export_has_the_whole_tree(door, tmp_path):
    door.docker("create", "--name", "web", "busybox", "true")
    door.docker("export", "-o", tmp_path / "tree.tar", "web")
    listed = subprocess.run(["tar", "tf", tmp_path / "tree.tar"], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "./bin/busybox" in listed.splitlines()


# ------------------------------------------------------------------------------------------ images


def test_images_are_tagged_inspected_listed_and_removed(door):
    door.docker("tag", "busybox", "localhost:5000/shop/web:2")
    assert "localhost:5000/shop/web:2" in door.engine.out("images", "--format", "{{.Repository}}:{{.Tag}}")
    document = json.loads(out(door, "image", "inspect", "busybox"))[0]
    assert set(document["RepoTags"]) == {"busybox:latest", "localhost:5000/shop/web:2"}
    assert out(door, "images", "-q", "--no-trunc", "localhost:5000/shop/web") == document["Id"]
    assert out(door, "rmi", "localhost:5000/shop/web:2") == "Untagged: localhost:5000/shop/web:2"
    door.docker("run", "-d", "--name", "web", "busybox", "sleep", "100")
    assert "is using its referenced image" in door.docker("rmi", "busybox", status=1).stderr


def test_an_image_is_imported_and_its_container_runs(door):
    with open(kist.busybox_file(), "rb") as tar:
        door.docker("import", "-c", "CMD [\"echo\", \"imported\"]", "-", "made:1", stdin=tar)
    assert out(door, "run", "--rm", "made:1") == "imported"
    assert "Deleted: sha256:" in out(door, "rmi", "made:1")


@pytest.mark.parametrize("version", ["1.24", "1.41", "1.45"])
def test_older_versions_of_the_api_are_spoken(door, version):
    env = {**door.docker_env(), "DOCKER_API_VERSION": version}
    run = subprocess.run(["docker", "run", "--rm", "busybox", "echo", "hi"], env=env, stdout=subprocess.PIPE, text=True,
                         timeout=30 * kist.PATIENCE, check=True)
    assert run.stdout == "hi\n"
    subprocess.run(["docker", "images"], env=env, stdout=subprocess.PIPE, timeout=30 * kist.PATIENCE, check=True)


def test_pull_shows_its_progress_and_needs_what_the_client_knows(door, tmp_path):
    import registry

    htpasswd = {"user": "secret"}
    with registry.Registry(tmp_path / "open") as server:
        server.push(registry.busybox_image(), "shop/web:1")
        name = f"{server.address}/shop/web:1"
        shown = out(door, "pull", name)
        assert "1: Pulling from shop/web" in shown
        assert "Pull complete" in shown and "Digest: sha256:" in shown
        assert f"Status: Downloaded newer image for {name}" in shown
        assert f"Status: Image is up to date for {name}" in out(door, "pull", name)
        assert out(door, "run", "--rm", name, "echo", "hi") == "hi"
        assert "not found" in door.docker("pull", f"{server.address}/shop/web:2", status=1).stderr
        door.docker("rmi", name)
    with registry.Registry(tmp_path / "closed", htpasswd=htpasswd) as server:
        server.push(registry.small_image(), "shop/web:1")
        name = f"{server.address}/shop/web:1"
        assert door.docker("pull", name, status=1).stderr
        config = door.engine.folder / "docker"
        config.mkdir(exist_ok=True)
        secret = base64.b64encode(b"user:secret").decode()
        (config / "config.json").write_text(json.dumps({"auths": {server.address: {"auth": secret}}}))
        try:
            door.docker("pull", name)
            door.docker("rmi", name)
        finally:
            (config / "config.json").unlink()


# ---------------------------------------------------------------------------- networks and volumes


def test_the_networks_are_listed_and_the_bridge_shows_who_is_in_it(door):
    assert out(door, "network", "ls", "--format", "{{.Name}} {{.Driver}}").splitlines() == [
        "bridge bridge", "host host", "none null"]
    identity = out(door, "run", "-d", "--name", "web", "busybox", "sleep", "100")
    bridge = json.loads(out(door, "network", "inspect", "bridge"))[0]
    address = door.engine.inspect("web")["NetworkSettings"]["IPAddress"]
    assert bridge["Containers"][identity]["IPv4Address"].split("/")[0] == address
    assert bridge["IPAM"]["Config"][0]["Gateway"] == door.engine.inspect("web")["NetworkSettings"]["Gateway"]
    assert bridge["Id"] == door.engine.inspect("web")["NetworkSettings"]["Networks"]["bridge"]["NetworkID"]
    assert "network nosuch not found" in door.docker("network", "inspect", "nosuch", status=1).stderr


def test_volumes_are_made_used_and_removed(door):
    assert out(door, "volume", "create", "kept") == "kept"
    door.docker("run", "--name", "web", "-v", "kept:/data", "busybox", "sh", "-c", "echo here >/data/x")
    place = json.loads(out(door, "volume", "inspect", "kept"))[0]["Mountpoint"]
    assert os.path.exists(f"{place}/x")
    assert "kept" in out(door, "volume", "ls", "-q").split()
    assert "volume is in use" in door.docker("volume", "rm", "kept", status=1).stderr
    door.docker("rm", "web")
    door.docker("volume", "rm", "kept")
    assert not os.path.exists(place)
    assert "no such volume" in door.docker("volume", "inspect", "kept", status=1).stderr


def test_update_changes_what_is_given_and_nothing_else(door):
    door.docker("run", "-d", "--name", "web", "--memory", "64m", "--pids-limit", "50", "busybox", "sleep", "100")
    door.docker("update", "--pids-limit", "70", "--restart", "on-failure:2", "web")
    host = door.engine.inspect("web")["HostConfig"]
    assert (host["PidsLimit"], host["Memory"]) == (70, 64 << 20)
    assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 2}
