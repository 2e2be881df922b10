"""An agent in a process of its own, which goes on while that of the test stands still.

Run as ``agent_program.py VERDICT [ANSWERS_AFTER_S]``: prints its address, welcomes, says a heartbeat each
half second, and answers each frame with the verdict in that file.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import zmq

HEARTBEAT_S = 0.5
WELCOME = {"v": 1, "type": "welcome", "session": "s", "agent": {"name": "apart", "version": "0"}}
HEARTBEAT = {"v": 1, "type": "heartbeat", "timestampMs": 0, "queued": 0}


def main(verdict: str, answers_after_s: str = "0") -> None:
    answer = json.loads(Path(verdict).read_text())
    router = zmq.Context().socket(zmq.ROUTER)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    print(f"tcp://127.0.0.1:{port}", flush=True)
    identity, beat_s = None, time.monotonic()
    while True:
        if router.poll(20):
            identity, head, *_ = router.recv_multipart()
            message = json.loads(head)
            if message["type"] == "hello":
                router.send_multipart([identity, json.dumps(WELCOME).encode()])
            elif message["type"] == "frame":
                time.sleep(float(answers_after_s))
                router.send_multipart([identity, json.dumps({**answer, "id": message["id"]}).encode()])
        if identity is not None and time.monotonic() >= beat_s:
            beat_s = time.monotonic() + HEARTBEAT_S
            router.send_multipart([identity, json.dumps(HEARTBEAT).encode()])


if __name__ == "__main__":
    main(*sys.argv[1:])
