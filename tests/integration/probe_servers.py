"""Servers that probes are tried on: nginx with TLS and HTTP/2, Redis, a DNS server, a gRPC server."""
import json
import pathlib
import shutil
import socket
import socketserver
import struct
import subprocess
import threading

from harness import free_port, wait_for

NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  gzip on; gzip_types text/plain; gzip_min_length 1; keepalive_timeout 5;
  server {{
    listen 127.0.0.1:{http}; listen unix:{folder}/nginx.sock; root {folder}/www;
    location = /redirect {{ return 302 /index.html; }}
    location = /away {{ return 301 https://localhost:{https}/; }}
    location = /loop {{ return 302 /loop; }}
    location = /private.html {{ auth_basic x; auth_basic_user_file {folder}/htpasswd; }}
    location = /none {{ return 204; }}
    location = /text {{ default_type text/plain; return 200 "hello hello hello hello hello\\n"; }}
  }}
  server {{
    listen 127.0.0.1:{https} ssl http2; root {folder}/www;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
  }}
}}
"""


def certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
         "-subj", "/O=Probe Test/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True)


class Nginx:
    """`http` and `https` are its ports, `socket` a unix socket, `certificate` its own authority."""

    def __init__(self, stack):
        self.folder = folder = stack.folder("nginx")
        self.http, self.https = free_port(), free_port()
        self.socket, self.certificate = folder / "nginx.sock", folder / "cert.pem"
        certificate(folder)
        (folder / "www").mkdir()
        (folder / "www/index.html").write_text("hello from nginx\n" * 20)
        (folder / "www/private.html").write_text("private\n")
        hashed = subprocess.run(["openssl", "passwd", "-apr1", "p"], check=True,
                                capture_output=True, text=True).stdout.strip()
        (folder / "htpasswd").write_text(f"u:{hashed}\n")
        for path in [folder, folder / "www", *(folder / "www").iterdir(), folder / "htpasswd"]:
            path.chmod(0o755)
        stack.root.chmod(0o755)  # nginx's worker is another user
        (folder / "nginx.conf").write_text(
            NGINX.format(folder=folder, http=self.http, https=self.https))
        self.process = stack.start("nginx", [shutil.which("nginx") or "/usr/sbin/nginx", "-c",
                                             str(folder / "nginx.conf"), "-p", str(folder)])
        wait_for("nginx", lambda: socket.create_connection(("127.0.0.1", self.https), 1))


def modules(folder):
    """The modules, with the certificate that Nginx(stack) keeps in `folder`."""
    text = pathlib.Path(__file__).with_name("probe_modules.yml").read_text()
    return text.replace("CERTIFICATE", str(folder / "cert.pem")).replace("KEY", str(folder / "key.pem"))


def redis(stack):
    """A Redis; its port."""
    port = free_port()
    stack.start("redis", ["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1",
                          "--dir", str(stack.folder("redis"))])
    wait_for("redis", lambda: socket.create_connection(("127.0.0.1", port), 1))
    return port


class Grpc:
    """`port["plain"]` and the others of grpc_health_server, with the certificate in `folder`."""

    def __init__(self, stack, folder):
        program = pathlib.Path(__file__).with_name("grpc_health_server")
        self.process = stack.start("grpc", [str(program), str(folder)])
        self.port = wait_for("the gRPC server", lambda: json.loads(self.lines()[0]))

    def lines(self):
        return self.process.text().splitlines()

    def calls(self):
        """Those that came, each with `service`, `left` (seconds, None: no deadline) and `agent`."""
        return [json.loads(line) for line in self.lines()[1:] if line.startswith("{")]


def name(text):
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".") if part) + b"\0"


def dns_answer(query):
    """example is a zone with a.example; everything else is NXDOMAIN."""
    end = query.index(b"\0", 12) + 5
    question, wanted = query[12:end], struct.unpack(">H", query[end - 4:end - 2])[0]
    asked = question[:-4].lower()
    soa = name("ns.example") + name("root.example") + struct.pack(">5I", 2024010203, 3600, 600, 86400, 60)
    record = lambda kind, data: b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 300, len(data)) + data
    answers, authority, additional, rcode = [], [], [], 0
    if asked == name("a.example") and wanted in (1, 255):
        answers = [record(1, bytes([127, 0, 0, n])) for n in (1, 2)]
        additional = [record(16, b"\x05extra")]
    elif asked == name("example") and wanted in (6, 255):
        answers = [record(6, soa)]
    else:
        rcode, authority = 3, [record(6, soa)]
    head = query[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, len(answers), len(authority),
                                   len(additional))
    return head + question + b"".join(answers + authority + additional)


def dns(stack):
    """A DNS server on UDP and TCP; its port."""
    class Udp(socketserver.BaseRequestHandler):
        def handle(self):
            data, sock = self.request
            sock.sendto(dns_answer(data), self.client_address)

    class Tcp(socketserver.StreamRequestHandler):
        def handle(self):
            size = struct.unpack(">H", self.rfile.read(2))[0]
            answer = dns_answer(self.rfile.read(size))
            self.wfile.write(struct.pack(">H", len(answer)) + answer)

    udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Udp)
    port = udp.server_address[1]
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    tcp = socketserver.ThreadingTCPServer(("127.0.0.1", port), Tcp)
    for server in (udp, tcp):
        server.daemon_threads = True
        stack.servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return port


def talker(stack, play):
    """A TCP server that calls play(connection) for each client; its port."""
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            try:
                play(self.request)
            except OSError:
                pass

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stack.servers.append(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def http_talker(stack, answer):
    """Reads a request, sends `answer`: bytes, or a function of the connection."""
    def play(connection):
        connection.settimeout(10)
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(4096)
            if not piece:
                return
            data += piece
        answer(connection) if callable(answer) else connection.sendall(answer)
    return talker(stack, play)


def smtp(connection):
    connection.sendall(b"220-hello\r\n220 mail.example ESMTP\r\n")
    line = connection.makefile().readline()
    connection.sendall(b"250 ok\r\n" if line.strip() == "EHLO mail.example" else b"500 what?\r\n")

