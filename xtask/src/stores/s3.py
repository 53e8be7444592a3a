"""An S3 server on loopback for tests, until its standard input ends. Says where it listens in its first line.

It answers one request at a time, by a lock: moto looks whether a key is there and then writes it, so that with threads
alone two creates at once can both win. It has a thread for each connection all the same: clients open connections ahead
of their need, and without threads it would wait for the first word on one of those. Two of its buckets behave like stores
that know no conditional put: one of them overwrites what is there, the other refuses every request that asks for a
condition.
"""
import os, sys, threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client

CONDITION = "HTTP_IF_NONE_MATCH"
REFUSAL = b"<Error><Code>NotImplemented</Code><Message>this bucket knows no If-None-Match</Message></Error>"

moto = DomainDispatcherApplication(create_backend_app)
one_at_a_time = threading.Lock()


def application(environ, start_response):
    bucket = environ["PATH_INFO"].split("/")[1]
    if environ["REQUEST_METHOD"] == "PUT" and CONDITION in environ:
        if bucket == "overwrites":
            del environ[CONDITION]
        if bucket == "unconditional":
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("501 Not Implemented", [("Content-Type", "application/xml")])
            return [REFUSAL]
    with one_at_a_time:
        return [b"".join(moto(environ, start_response))]


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


for name in ["bucket", "overwrites", "unconditional"]:
    Client(moto).put(f"/{name}", headers={"Host": "127.0.0.1"})

server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
print(f"http://127.0.0.1:{server.port}", flush=True)
server.serve_forever()
