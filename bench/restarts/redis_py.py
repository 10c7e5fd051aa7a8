"""redis-py: `redis_py.py HOST PORT RESP`. See count.ts for what is counted."""

import json
import os
import sys
import threading
import time

import redis

WORKERS = 8
TEXTS_MAX = 3

host, port, resp = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
client = redis.Redis(host=host, port=port, protocol=resp, decode_responses=True)
lock = threading.Lock()
counts = {"commands": 0, "errors": 0, "wrong": 0, "texts": []}
is_over = False


def work(worker):
    commands = errors = wrong = 0
    number = 0
    while not is_over:
        key = f"restarts:{os.getpid()}:{worker}"
        number += 1
        try:
            client.set(key, number)
            commands += 1
            if client.get(key) != str(number):
                wrong += 1
            commands += 1
        except Exception as error:
            errors += 1
            with lock:
                if len(counts["texts"]) < TEXTS_MAX:
                    counts["texts"].append(f"{type(error).__name__}: {error}")
            time.sleep(0.001)
    with lock:
        counts["commands"] += commands
        counts["errors"] += errors
        counts["wrong"] += wrong


threads = [threading.Thread(target=work, args=(worker,)) for worker in range(WORKERS)]
for thread in threads:
    thread.start()
sys.stdin.read()
is_over = True
for thread in threads:
    thread.join()
print(json.dumps(counts), flush=True)
os._exit(0)
