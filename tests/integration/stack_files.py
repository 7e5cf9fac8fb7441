"""docker-compose.yml and packaging/docker as plain processes: the same files, with the ports and folders of a test."""
import os
import pathlib
import re
import subprocess
import sys

import yaml

from harness import ROOT, TOCSIN, Agent, check, free_port, http, wait_for

DOCKER = ROOT / "packaging/docker"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
# The fixed ports of the files.
PORTS = (9909, 9090, 9093, 5001, 6379, 11211, 8080, 8081)
# What the files do in seconds a person does not wait for, and a test does.
FASTER = [("interval: 15s", "interval: 1s"), ("interval: 5s", "interval: 1s"), ("group_wait: 5s", "group_wait: 1s"),
          ("{ files", "{ settling: 1s, files")]


class PlainStack:
    """All services of the compose file but Grafana."""

    def __init__(self, stack):
        self.stack = stack
        self.folder = stack.folder("stack")
        self.ports = {port: free_port() for port in PORTS}
        for sub in ("exported", "web", "spool"):
            (self.folder / sub).mkdir()

    def text(self, name):
        """A configuration file as the test needs it."""
        text = (DOCKER / name).read_text()
        for port, free in self.ports.items():
            text = re.sub(rf"(127\.0\.0\.1:){port}\b", rf"\g<1>{free}", text)
        text = text.replace("/etc/tocsin/rules", str(ROOT / "config/rules"))
        text = text.replace("/etc/tocsin/exported", str(self.folder / "exported"))
        text = text.replace("/tmp/nginx", f"{self.folder}/web/nginx")
        for place, name in (("/var/log/web", "web"), ("/tmp/tocsin-web", "web"), ("/tmp/tocsin-spool", "spool")):
            text = text.replace(place, str(self.folder / name))
        text = text.replace(" rules/*.yml", f" {DOCKER}/rules/*.yml")
        for slow, fast in FASTER:
            text = text.replace(slow, fast)
        return text

    def write(self, name):
        path = self.folder / name
        path.write_text(self.text(name))
        return path

    def command(self, service, *replaced):
        """The command of a service, with those of its words that stand for a place in a container exchanged."""
        words = [str(word) for word in COMPOSE["services"][service]["command"]]
        for port, free in self.ports.items():
            words = [re.sub(rf"(?<![0-9]){port}(?![0-9])", str(free), word) for word in words]
        for before, after in replaced:
            check(any(before in word for word in words), f"{service}: no {before} in {words}")
            words = [word.replace(before, str(after)) for word in words]
        return words

    def url(self, port):
        return f"http://127.0.0.1:{self.ports[port]}"

    def export_rules(self):
        files = [p for p in sorted((ROOT / "config/rules").glob("*.yml")) if not p.stem.endswith("_test")]
        exported = subprocess.run([TOCSIN, "rules", "export", *files], capture_output=True, text=True, check=True)
        (self.folder / "exported/tocsin.yml").write_text(exported.stdout)

    def start_receiver(self):
        self.stack.start("receiver", [sys.executable, DOCKER / "receiver.py"],
                         env=os.environ | {"RECEIVER_PORT": str(self.ports[5001])})
        config = self.write("alertmanager.yml")
        self.stack.start("alertmanager", ["prometheus-alertmanager", *self.command(
            "alertmanager", ("/etc/alertmanager/alertmanager.yml", config),
            ("=/alertmanager", f"={self.folder}/alertmanager"))])
        wait_for("Alertmanager", lambda: http(f"{self.url(9093)}/-/ready")[0] == 200)

    def start_prometheus(self):
        self.export_rules()
        config = self.write("prometheus.yml")
        self.stack.start("prometheus", ["prometheus", *self.command(
            "prometheus", ("/etc/prometheus/prometheus.yml", config), ("=/prometheus", f"={self.folder}/data"))])
        wait_for("Prometheus", lambda: http(f"{self.url(9090)}/-/ready")[0] == 200)

    def start_agent(self, config=None):
        """`config`: instead of that of the stack."""
        return Agent(self.stack, config or self.text("tocsin.yml"), port=self.ports[9909], cwd=self.folder,
                     args=[f"--storage.path={self.folder}/samples"])

    def start_services(self):
        redis, memcached = self.command("redis"), self.command("memcached")
        self.stack.start("redis", [*redis, "--dir", str(self.folder)])
        self.stack.start("memcached", [*memcached, *(["-u", "nobody"] if os.getuid() == 0 else [])])
        self.stack.start("nginx", ["/usr/sbin/nginx", "-c", self.write("nginx.conf"), "-g", "daemon off;"])
        wait_for("nginx", lambda: http(f"{self.url(8080)}/")[0] == 200)
        where = {name: re.sub(r":(\d+)$", lambda m: f":{self.ports[int(m[1])]}", value)
                 for name, value in COMPOSE["services"]["load"]["environment"].items()}
        where["SPOOL"] = str(self.folder / "spool")
        self.stack.start("load", [sys.executable, DOCKER / "load.py"], env=os.environ | where)


def packages_of(binary):
    """The Debian packages that a binary's shared libraries come from."""
    linked = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
    paths = [pathlib.Path(path) for path in re.findall(r"=> (/\S+)", linked)]
    packages = set()
    for path in paths:
        # /lib is a link to /usr/lib, and dpkg knows a file by one of its names.
        for name in (path, path.resolve(), pathlib.Path("/usr") / path.relative_to("/")):
            found = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True)
            if found.returncode == 0:
                packages.add(found.stdout.split(":")[0])
                break
        else:
            check(False, f"no package has {path}")
    return packages
