#!/usr/bin/env python3
"""Load for the sample services, so that every dashboard has something to show: lookups in Redis and memcached of which
most hit, queues that grow and are worked off, and requests of which some are slow and some fail.

Addresses are in the environment: REDIS, MEMCACHED and WEB, each HOST:PORT, and SPOOL, a folder; one that is
absent gets no load."""
import http.client
import os
import pathlib
import random
import re
import socket
import threading
import time


def address(name):
    host, _, port = os.environ[name].rpartition(":")
    return host, int(port)


def talk(where, converse):
    """Keeps a connection up and calls converse(send) on it again and again; send() returns what is answered."""
    while True:
        try:
            with socket.create_connection(where, timeout=5) as connection:
                def send(data):
                    connection.sendall(data)
                    return connection.recv(65536)
                while True:
                    converse(send)
                    time.sleep(0.02)
        except OSError as error:
            print(f"{where[0]}:{where[1]}: {error}", flush=True)
            time.sleep(1)


def command(*words):
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


def redis(send):
    key = f"page:{int(random.paretovariate(1)) % 500}"
    if send(command("GET", key)).startswith(b"$-1"):
        send(command("SET", key, "x" * random.randint(100, 2000), "EX", "30"))
    # A queue: waves of a few minutes, in which more comes than goes.
    if random.random() < (0.6 if int(time.time()) % 240 < 120 else 0.3):
        send(command("XADD", "queue:mail", "MAXLEN", "~", "10000", "*", "to", "somebody"))
    if random.random() < 0.45:
        send(command("XGROUP", "CREATE", "queue:mail", "senders", "0", "MKSTREAM"))  # if it is not there yet
        taken = send(command("XREADGROUP", "GROUP", "senders", "one", "COUNT", "1", "STREAMS", "queue:mail", ">"))
        for entry in re.findall(rb"\r\n(\d+-\d+)\r\n", taken):
            send(command("XACK", "queue:mail", "senders", entry.decode()))


def memcached(send):
    key = f"user:{int(random.paretovariate(1)) % 300}"
    if send(f"get {key}\r\n".encode()).startswith(b"END"):
        send(f"set {key} 0 20 5\r\nhello\r\n".encode())


def spool():
    """A folder of jobs: in waves more are put in than are taken out."""
    folder = pathlib.Path(os.environ["SPOOL"])
    while True:
        if random.random() < (0.6 if int(time.time()) % 240 < 120 else 0.3):
            (folder / f"{time.time_ns()}.job").write_text("work\n")
        waiting = sorted(folder.glob("*.job"))
        if waiting and random.random() < 0.45:
            waiting[0].unlink()
        time.sleep(0.2)


def web():
    while True:
        path = random.choices(["/", "/slow", "/missing", "/broken"], [90, 6, 3, 1])[0]
        try:
            connection = http.client.HTTPConnection(*address("WEB"), timeout=10)
            connection.request("GET", path)
            connection.getresponse().read()
            connection.close()
        except OSError as error:
            print(f"web: {error}", flush=True)
            time.sleep(1)
        time.sleep(random.expovariate(20))


threads = []
for name, converse in (("REDIS", redis), ("MEMCACHED", memcached)):
    if name in os.environ:
        threads.append(threading.Thread(target=talk, args=(address(name), converse)))
threads += [threading.Thread(target=run) for name, run in (("WEB", web), ("SPOOL", spool)) if name in os.environ]
for thread in threads:
    thread.start()
