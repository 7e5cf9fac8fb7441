"""Starts the agent and real servers on free loopback ports, and waits for what must come true.

Every test is a script: `with Stack() as stack: …`; a failed `check` or an exception ends it with 1.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = os.environ.get("TOCSIN", str(ROOT / "build/release/tocsin"))


# "right", as bcrypt makes it at its lowest cost.
CHEAP_HASH = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.MUqk63GnwF7vcQlJlXfScZbrHavjlt."


class Failure(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failure(message)


def compare_beside(script, *arguments):
    """Runs a comparison of tests/collectors with a real peer. A busy host moves what should stand still: only
    what differs again is wrong."""
    for _ in range(3):
        run = subprocess.run([ROOT / "tests/collectors" / script, *arguments], capture_output=True, text=True,
                             timeout=120)
        if run.returncode == 0:
            break
    check(run.returncode == 0, f"{script}:\n{run.stdout}{run.stderr}")
    print(f"{script}: {run.stdout.strip().splitlines()[-1]}")


def output(*command, **options):
    """What a command that must succeed prints."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    check(done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def shown(times):
    """The spread of sorted milliseconds."""
    return f"p50 {times[len(times) // 2]:.2f}, p99 {times[len(times) * 99 // 100]:.2f}, max {times[-1]:.2f} ms"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def http(url, method="GET", body=None, headers=None, timeout=10):
    """(status, headers, body) of one request; an HTTP error is an answer, not an exception."""
    request = urllib.request.Request(url, method=method, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def get_json(url, timeout=10):
    status, _, body = http(url, timeout=timeout)
    check(status == 200, f"{url}: {status} {body[:300]!r}")
    return json.loads(body)


def query(base, expr, at=None):
    """The vector of an instant query: [(labels, value)]."""
    params = {"query": expr} | ({"time": at} if at is not None else {})
    answer = get_json(f"{base}/api/v1/query?" + urllib.parse.urlencode(params))
    return [(s["metric"], s["value"][1]) for s in answer["data"]["result"]]


def wait_for(what, probe, timeout=60, pause=0.1):
    """The first true value of probe(); exceptions of servers that are not up yet count as false."""
    deadline = time.monotonic() + timeout
    last = None
    while time.monotonic() < deadline:
        try:
            last = probe()
            if last:
                return last
        except (OSError, Failure, ValueError, LookupError, subprocess.SubprocessError) as error:
            last = error
        time.sleep(pause)
    raise Failure(f"waited {timeout} s for {what}; last: {last!r}")


class SyncProbe:
    """How long the disk below `folder` takes to sync a small write, asked again and again."""

    def __init__(self, folder):
        self.syncs = []  # (begin, end)
        self.file = open(folder / "sync-probe", "wb")
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            begin = time.monotonic()
            self.file.write(b"x")
            self.file.flush()
            os.fsync(self.file.fileno())
            self.syncs.append((begin, time.monotonic()))
            time.sleep(0.02)

    def slowest(self, at):
        """The longest sync that was under way within a second after `at`."""
        return max((end - begin for begin, end in list(self.syncs) if begin <= at + 1 and end >= at), default=0)


class Process:
    """A child with its output in a file, ended by its own process id."""

    def __init__(self, name, argv, log, env=None, cwd=None):
        self.name, self.log, self.sent = name, log, set()
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT,
                                          stdin=subprocess.DEVNULL, env=env, cwd=cwd)

    def text(self):
        return pathlib.Path(self.log).read_text(errors="replace")

    def running(self):
        return self.popen.poll() is None

    def send(self, sig):
        self.sent.add(sig)
        self.popen.send_signal(sig)

    def kill(self, sig=signal.SIGKILL):
        """Its exit code. A crash of its own before that is a failure."""
        if self.running():
            self.send(sig)
        code = self.popen.wait(timeout=20)
        check(code >= 0 or -code in self.sent, f"{self.name} died of signal {-code}:\n{self.last_lines()}")
        return code

    def last_lines(self):
        return "\n".join(self.text().splitlines()[-40:])

    def rss_kb(self):
        status = pathlib.Path(f"/proc/{self.popen.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def threads(self):
        return len(os.listdir(f"/proc/{self.popen.pid}/task"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.popen.pid}/fd"))


class Agent(Process):
    """The real binary; `base` is its URL. `prefix` is what starts it, if that is another program."""

    def __init__(self, stack, config="", args=(), name="tocsin", port=0, cwd=None, prefix=()):
        self.folder = stack.folder(name)
        self.config_file = self.folder / "tocsin.yml"
        self.config_file.write_text(config)
        super().__init__(name, [*prefix, TOCSIN, "run", f"--config.file={self.config_file}",
                                f"--web.listen-address=127.0.0.1:{port}", *args],
                         self.folder / "log", cwd=cwd)
        stack.processes.append(self)
        self.base = wait_for("the agent's address", self._address, 20, 0.02)[1]

    def _address(self):
        check(self.running(), f"the agent ended: {self.text()}")
        return re.search(r"(https?://[0-9.]+:[0-9]+)", self.text())

    def reload(self):
        return http(f"{self.base}/-/reload", "POST", b"")


class Stack:
    def __init__(self):
        self.processes = []
        self.servers = []
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-test-"))

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        crashes = []
        for process in self.processes:
            try:
                process.kill(signal.SIGTERM if process.name.startswith("tocsin") else signal.SIGKILL)
            except Failure as crash:
                crashes.append(crash)
            except Exception:  # what hangs is not what this test is about
                process.popen.kill()
        for server in self.servers:
            server.shutdown()
        for failure in ([error] if kind else []) + crashes:
            print(f"FAILED: {failure}")
        if kind:
            for process in self.processes:
                print(f"--- last of {process.name}'s output\n{process.last_lines()}")
        shutil.rmtree(self.root, ignore_errors=True)
        if crashes or (kind and issubclass(kind, Failure)):
            sys.exit(1)

    def folder(self, name):
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def start(self, name, argv, env=None):
        process = Process(name, argv, self.folder(name) / "log", env)
        self.processes.append(process)
        return process

    def agent(self, config="", args=(), **kwargs):
        return Agent(self, config, args, **kwargs)

    def prometheus(self, scrape_yaml, args=()):
        """Real Prometheus with that configuration; (process, URL)."""
        folder, port = self.folder("prometheus"), free_port()
        (folder / "prometheus.yml").write_text(scrape_yaml)
        process = self.start("prometheus", [
            "prometheus", f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}", *args])
        base = f"http://127.0.0.1:{port}"
        wait_for("prometheus", lambda: http(f"{base}/-/ready")[0] == 200)
        return process, base

    def alertmanager(self, port=None, name="alertmanager", config=None):
        """Real Alertmanager; (process, URL)."""
        folder, port = self.folder(name), port or free_port()
        (folder / "alertmanager.yml").write_text(
            config or "route: {receiver: none}\nreceivers: [{name: none}]\n")
        process = self.start(name, [
            "prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address="])
        base = f"http://127.0.0.1:{port}"
        wait_for(name, lambda: http(f"{base}/-/ready")[0] == 200)
        return process, base

    def webhook(self, answer=lambda path, body: (200, b"")):
        """A sink that keeps every JSON body sent to it; (list of bodies, URL)."""
        received, lock = [], threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, text = answer(self.path, body)
                with lock:
                    received.append(json.loads(body) if body else None)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST  # heartbeats

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return received, f"http://127.0.0.1:{server.server_address[1]}"


@contextlib.contextmanager
def cpu_burners(count=None):
    """Keeps every CPU busy."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"])
               for _ in range(count or os.cpu_count())]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
