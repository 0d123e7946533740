"""Counts requests, and tells Prometheus how many."""
import itertools
import os

from service import serve
from version import VERSION

requests = itertools.count(1)


def answer(_path):
    labels = 'version="%s",share="%s"' % (VERSION, os.environ["SHARE"])
    return 200, ("app_requests_total{%s} %d\n" % (labels, next(requests))).encode()


serve(answer, "text/plain; version=0.0.4")
