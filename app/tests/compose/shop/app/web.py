"""Takes orders: GET /buy makes one, GET /orders tells of them."""
import json
import os

from database import connection
from redis_client import Redis
from service import serve
from version import VERSION


def buy():
    with connection() as run:
        [[order]] = run("insert into orders (note) values ($1) returning id", os.environ["GREETING"])
    queue = Redis()
    queue.ask("LPUSH", "orders", order)
    queue.close()
    return {"order": order, "version": VERSION, "greeting": os.environ["GREETING"]}


def orders():
    with connection() as run:
        [[made, done]] = run("select count(*), count(done_by) from orders")
        [[migrations]] = run("select count(*) from migrations")
    return {"made": int(made), "done": int(done), "migrations": int(migrations)}


PAGES = {"/buy": buy, "/orders": orders, "/healthz": lambda: {"healthy": True}}


def answer(path):
    page = PAGES.get(path)
    try:
        status, said = (404, {}) if page is None else (200, page())
    except Exception as error:
        print("cannot answer %s: %s" % (path, error))
        status, said = 500, {"error": str(error)}
    return status, json.dumps(said).encode()


print("version %s serves" % VERSION)
serve(answer)
