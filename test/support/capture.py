"""Captures every packet on an interface of this network namespace (Linux, CAP_NET_RAW).

    python3 capture.py INTERFACE FILE

Writes each Ethernet frame to FILE behind its length (u32, big-endian). Prints {"event": "capturing"}
when the socket is open; ends with its standard input, when it has written what was there, and prints
{"event": "captured", "packets": N}.
"""

import json
import select
import socket
import struct
import sys

ETH_P_ALL = 0x0003
FRAME_MAX = 65_536
# Everything of a short transfer at full speed, before this process reads it.
BUFFER = 64 * 1024 * 1024
SO_RCVBUFFORCE = 33


def main(interface, path):
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    packets.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    packets.bind((interface, 0))
    packets.setblocking(False)
    print(json.dumps({"event": "capturing"}), flush=True)
    count = 0
    with open(path, "wb") as file:
        ending = False
        while True:
            watched = [packets] if ending else [packets, sys.stdin]
            ready, _, _ = select.select(watched, [], [], 0.2)
            if packets in ready:
                frame = packets.recv(FRAME_MAX)
                file.write(struct.pack(">I", len(frame)) + frame)
                count += 1
            elif ending:
                break
            if sys.stdin in ready and sys.stdin.readline() == "":
                ending = True
    print(json.dumps({"event": "captured", "packets": count}), flush=True)


main(*sys.argv[1:])
