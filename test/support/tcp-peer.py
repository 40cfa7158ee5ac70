"""A TCP peer that is not Node: says exactly what the operating system told it.

Prints {"event": "listening", "port": P}, then reads one job a line from standard input:
  {"job": 1, "role": "client", "port": P, "steps": [...]}   connects to 127.0.0.1:P
  {"job": 2, "role": "server", "steps": [...]}              accepts the next connection
and answers {"event": "done", "job": 1, "reports": [...]} with one report for each step.

Steps: ["send", seed, count]  count bytes of SHAKE-128(seed)
       ["recv", count]        exactly count bytes, or less and how it ended
       ["recv-all"]           all there is, and how it ended: "eof" or the name of errno
       ["await", word] and ["signal", word]: this step waits until another job has signalled
       ["fin"], ["rst"], ["close"]
"""

import errno
import hashlib
import json
import os
import select
import socket
import struct
import sys
import threading

output = threading.Lock()
words = {}
words_lock = threading.Lock()


def emit(event):
    with output:
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


def flag(word):
    with words_lock:
        return words.setdefault(word, threading.Event())


def receive(connection, limit):
    digest = hashlib.sha256()
    count = 0
    ending = "open"
    while limit is None or count < limit:
        try:
            chunk = connection.recv(65536 if limit is None else min(65536, limit - count))
        except socket.timeout:
            ending = "TIMEOUT"
            break
        except OSError as error:
            ending = errno.errorcode.get(error.errno, str(error))
            break
        if not chunk:
            ending = "eof"
            break
        digest.update(chunk)
        count += len(chunk)
    return {"bytes": count, "sha256": digest.hexdigest(), "ending": ending}


def perform(connection, step):
    kind = step[0]
    if kind == "send":
        try:
            connection.sendall(hashlib.shake_128(str(step[1]).encode()).digest(step[2]))
            return {"ending": "open"}
        except OSError as error:
            return {"ending": errno.errorcode.get(error.errno, str(error))}
    if kind == "recv":
        return receive(connection, step[1])
    if kind == "recv-all":
        return receive(connection, None)
    if kind == "await":
        return {"ending": "open" if flag(step[1]).wait(20) else "TIMEOUT"}
    if kind == "signal":
        flag(step[1]).set()
    elif kind == "fin":
        connection.shutdown(socket.SHUT_WR)
    elif kind == "rst":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    elif kind == "close":
        connection.close()
    else:
        raise ValueError(kind)
    return {"ending": "open"}


# How soon whoever only looks whether anybody answers here has ended its connection, seconds.
LOOK_S = 0.1


def accept(listener):
    """The next connection but those that end at once without a byte: they only looked."""
    while True:
        connection = listener.accept()[0]
        readable, _, _ = select.select([connection], [], [], LOOK_S)
        if not readable:
            return connection
        try:
            if connection.recv(1, socket.MSG_PEEK):
                return connection
        except OSError:
            return connection
        connection.close()


def open_connection(listener, job):
    if job["role"] == "server":
        return accept(listener)
    return socket.create_connection(("127.0.0.1", job["port"]), 20)


def run(listener, job):
    reports = []
    try:
        connection = open_connection(listener, job)
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for step in job["steps"]:
            try:
                reports.append(perform(connection, step))
            except OSError as error:
                reports.append({"ending": errno.errorcode.get(error.errno, str(error))})
        connection.close()
    except OSError as error:
        reports.append({"ending": errno.errorcode.get(error.errno, str(error))})
    emit({"event": "done", "job": job["job"], "reports": reports})


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    emit({"event": "listening", "port": listener.getsockname()[1]})
    for line in sys.stdin:
        threading.Thread(target=run, args=(listener, json.loads(line)), daemon=True).start()
    os._exit(0)


main()
