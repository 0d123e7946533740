"""Counts how often it is asked."""
import json
import os

from redis_client import Redis
from service import serve
from version import VERSION


def answer(path):
    said = {"version": VERSION, "greeting": os.environ["GREETING"]}
    if path != "/healthz":
        redis = Redis()
        said["count"] = int(redis.ask("INCR", "count"))
        redis.close()
    return 200, json.dumps(said).encode()


serve(answer)
