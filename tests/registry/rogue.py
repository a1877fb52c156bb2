"""Registries that do what a test says, byte for byte, and remember what they were asked."""

import contextlib
import http.server
import socket
import socketserver
import threading

from registry import digest_of


class Script(http.server.BaseHTTPRequestHandler):
    """One request. Scripts answer with reply(), or write to self.wfile what they like."""

    protocol_version = "HTTP/1.1"

    def handle(self):
        # A TLS greeting is no request: close, as most servers of plain HTTP do.
        with contextlib.suppress(OSError):
            if self.connection.recv(1, socket.MSG_PEEK) == b"\x16":
                return
            super().handle()

    def do_GET(self):
        self.server.log.append((self.path, dict(self.headers)))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, socket.timeout):
            for prefix, answer in self.server.routes:
                if self.path.startswith(prefix):
                    answer(self)
                    return
            self.reply(404, {}, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')

    do_POST = do_GET

    def reply(self, status, headers=None, body=b""):
        self.send_response(status)
        headers = {"Content-Length": str(len(body)), **(headers or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self):
        self.close_connection = True
        self.wfile.flush()
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_):
        pass


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self):
        """Without asking DNS for a name of our own."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address


class Server:
    """on() adds a route, the last one added is asked first; log is [(path, headers)]."""

    def __init__(self, host="127.0.0.1"):
        self._server = _Listener((host, 0), Script)
        self._server.routes, self._server.log = [], []
        self._server.closing = threading.Event()  # scripts that dawdle wait for it
        self.log = self._server.log
        self.address = f"{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.on("/v2/", lambda request: request.reply(404), exactly=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def on(self, prefix, answer, exactly=False):
        if exactly:
            inner = answer

            def answer(request):
                return inner(request) if request.path == prefix else request.reply(404)
        self._server.routes.insert(0, (prefix, answer))

    def serve(self, repository, image, tag="latest", docker=False):
        """Everything that belongs to an image, honestly."""
        media_type, manifest = image.manifest(docker)
        for reference in (tag, digest_of(manifest)):
            self.on_bytes(f"/v2/{repository}/manifests/{reference}", manifest, media_type)
        for blob in [image.config_blob(), *image.layer_blobs()]:
            self.on_bytes(f"/v2/{repository}/blobs/{digest_of(blob)}", blob)
        return manifest

    def on_bytes(self, path, body, media_type="application/octet-stream"):
        self.on(path, lambda request: request.reply(200, {"Content-Type": media_type}, body))

    def asked(self, part):
        """Headers of the requests whose path has @part in it."""
        return [headers for path, headers in self.log if part in path]


def closed_port():
    """A port of 127.0.0.1 where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
