"""Takes orders: GET /buy makes one, GET /orders tells of them."""
import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from database import connection
from queue_of import Queue
from version import VERSION


def buy():
    with connection() as run:
        [[order]] = run("insert into orders (note) values ($1) returning id", os.environ["GREETING"])
    queue = Queue()
    queue.ask("LPUSH", "orders", order)
    queue.close()
    return {"order": order, "version": VERSION, "greeting": os.environ["GREETING"]}


def orders():
    with connection() as run:
        [[made, done]] = run("select count(*), count(done_by) from orders")
        [[migrations]] = run("select count(*) from migrations")
    return {"made": int(made), "done": int(done), "migrations": int(migrations)}


PAGES = {"/buy": buy, "/orders": orders, "/healthz": lambda: {"healthy": True}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body go out together

    def do_GET(self):
        page = PAGES.get(self.path)
        try:
            status, said = (404, {}) if page is None else (200, page())
        except Exception as error:
            print("cannot answer %s: %s" % (self.path, error))
            status, said = 500, {"error": str(error)}
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("", 8000), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("version %s serves" % VERSION)
server.serve_forever()
