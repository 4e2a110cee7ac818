"""The peer terminado as Jupyter uses it: `terminado_server.py PORT FOLDER`, terminals named by the path."""

# mypy: ignore-errors
# It runs with the peer's own packages.

import sys

import tornado.ioloop
import tornado.web
from terminado import NamedTermManager, TermSocket


class Socket(TermSocket):
    def check_origin(self, origin):
        return True


def main():
    manager = NamedTermManager(shell_command=["/bin/sh"], term_settings={"cwd": sys.argv[2]})

    class Named(Socket):
        def open(self, name):
            manager.terminals.get(name) or manager.new_named_terminal(name=name)
            super().open(name)

    app = tornado.web.Application([(r"/(\w+)", Named, {"term_manager": manager})])
    app.listen(int(sys.argv[1]), "127.0.0.1")
    tornado.ioloop.IOLoop.current().start()


main()
