"""docker-py and dockerode: their basic calls on containers and images, versioned and unversioned paths, both forms of
taking a connection over."""

import os
import subprocess

import clients
import kist

DOCKER_PY = r"""
import docker, io, tarfile
c = docker.DockerClient(base_url=BASE, version="auto")
assert c.ping() and c.version()["ApiVersion"] == "1.51"
assert c.info()["Images"] >= 1
image = c.images.get("busybox")
assert "busybox:latest" in image.tags
assert c.containers.run("busybox", "echo hi", remove=True) == b"hi\n"
try:
    c.containers.run("busybox", ["sh", "-c", "echo bad >&2; exit 3"], remove=True)
    raise SystemExit("a failure was no failure")
except docker.errors.ContainerError as failure:
    assert failure.exit_status == 3 and failure.stderr == b"bad\n"
web = c.containers.run("busybox", "sleep 100", detach=True, name="web", labels={"kind": "x"},
                       ports={"80/tcp": ("127.0.0.1", None)}, environment={"A": "b"}, mem_limit="64m")
assert [x.name for x in c.containers.list(filters={"label": "kind=x"})] == ["web"]
assert web.status in ("created", "running")
web.reload()
assert web.status == "running" and web.ports["80/tcp"][0]["HostIp"] == "127.0.0.1"
code, out = web.exec_run("sh -c 'echo $A; exit 4'")
assert (code, out) == (4, b"b\n"), (code, out)
code, (out, err) = web.exec_run(["sh", "-c", "echo o; echo e >&2"], demux=True)
assert (out, err) == (b"o\n", b"e\n")
tar = io.BytesIO()
with tarfile.open(fileobj=tar, mode="w") as t:
    entry = tarfile.TarInfo("put"); entry.size = 3
    t.addfile(entry, io.BytesIO(b"abc"))
assert web.put_archive("/tmp", tar.getvalue())
pieces, stat = web.get_archive("/tmp/put")
assert stat["name"] == "put" and stat["size"] == 3
with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as t:
    assert t.extractfile("put").read() == b"abc"
assert any("sleep" in " ".join(p) for p in web.top()["Processes"])
assert web.stats(stream=False)["memory_stats"]["usage"] > 0
web.pause(); web.reload(); assert web.status == "paused"; web.unpause()
web.rename("shop"); web.reload(); assert web.name == "shop"
sock = web.attach_socket(params={"stdin": 1, "stream": 1}); sock.close()
web.stop(timeout=0)
assert web.wait()["StatusCode"] == 137
web.remove()
try:
    c.containers.get("shop")
    raise SystemExit("it is still there")
except docker.errors.NotFound:
    pass
image.tag("made", "1")
c.images.remove("made:1")
created = c.containers.create("busybox", ["sh", "-c", "read x; echo got $x"], stdin_open=True)
s = created.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
created.start()
s._sock.sendall(b"word\n")
assert created.wait()["StatusCode"] == 0
assert created.logs() == b"got word\n"
created.remove()
print("well")
"""

DOCKERODE = r"""
const Docker = require(process.env.FOLDER + '/node_modules/dockerode');
const { PassThrough } = require('stream');
const assert = require('assert');
const read = (stream) => new Promise((done, fail) => {
  const parts = []; stream.on('data', (d) => parts.push(d)); stream.on('end', () => done(Buffer.concat(parts).toString()));
  stream.on('error', fail); });
(async () => {
  const d = new Docker({ socketPath: process.env.SOCKET });
  assert.equal((await d.ping()).toString(), 'OK');
  assert((await d.listImages()).some((i) => (i.RepoTags || []).includes('busybox:latest')));
  const out = new PassThrough(); const shown = read(out);
  const [end, gone] = await d.run('busybox', ['sh', '-c', 'echo hi'], out, { Tty: true });
  out.end(); await gone.remove();
  assert.equal(end.StatusCode, 0); assert.equal(await shown, 'hi\r\n');
  const c = await d.createContainer({ Image: 'busybox', Cmd: ['cat'], name: 'web', OpenStdin: true, StdinOnce: true });
  const stream = await c.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
  const o = new PassThrough(), e = new PassThrough(); const said = read(o);
  c.modem.demuxStream(stream, o, e); stream.on('end', () => o.end());
  await c.start();
  assert((await c.inspect()).State.Running);
  for (const hijack of [true, false]) {
    const x = await c.exec({ Cmd: ['sh', '-c', 'echo in; exit 4'], AttachStdout: true, AttachStderr: true });
    const s = await x.start(hijack ? { hijack: true, stdin: false } : {});
    const xo = new PassThrough(), xe = new PassThrough(); const text = read(xo);
    c.modem.demuxStream(s, xo, xe); s.on('end', () => xo.end());
    assert.equal(await text, 'in\n');
    assert.equal((await x.inspect()).ExitCode, 4);
  }
  stream.write('words\n'); stream.end();
  assert.equal(await said, 'words\n');
  assert.equal((await c.wait()).StatusCode, 0);
  assert((await c.logs({ stdout: true, stderr: true })).toString('utf8').includes('words'));
  await c.remove();
  assert.deepEqual(await d.listContainers({ all: true }), []);
  const t = await d.createContainer({ Image: 'busybox', Cmd: ['sleep', '100'], Tty: true });
  await t.start(); await t.resize({ h: 20, w: 60 }); await t.kill(); await t.wait(); await t.remove({ force: true });
  await assert.rejects(d.getContainer('nosuch').inspect(), (failure) => failure.statusCode === 404);
  console.log('well');
})().catch((failure) => { console.error(failure); process.exit(1); });
"""


def run(command, env):
    done = subprocess.run(command, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60 * kist.PATIENCE, check=False)
    assert done.stdout == "well\n", f"{done.stdout}{done.stderr}"


def test_docker_py(door):
    run([clients.python(), "-c", f"BASE = 'unix://{door.socket}'\n{DOCKER_PY}"], {})


def test_dockerode(door):
    run([clients.node(), "-e", DOCKERODE], {"SOCKET": str(door.socket), "FOLDER": str(clients.FOLDER)})
