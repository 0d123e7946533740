"""Does what stands in the queue, one after the other, until it is asked to stop."""
import signal
import time

from database import connection
from redis_client import Redis
from version import VERSION

stopping = False


def stop(_number, _frame):
    global stopping
    stopping = True


signal.signal(signal.SIGTERM, stop)
queue = Redis()
# What we had begun when we were ended otherwise.
while queue.ask("LMOVE", "at-work", "orders", "RIGHT", "RIGHT") is not None:
    pass
print("working")
while not stopping:
    # Kept in a list of its own until it is done, so that nothing is lost if we are.
    order = queue.ask("BLMOVE", "orders", "at-work", "RIGHT", "LEFT", 0.2)
    if order is None:
        continue
    with connection() as run:
        run("update orders set done_by = $1 where id = $2::bigint", VERSION, order)
    queue.ask("LREM", "at-work", 1, order)
