"""Starts the site for use: ``manage.py serve``."""

from __future__ import annotations

import errno
import ipaddress
import os
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.wsgi import get_wsgi_application

from Tumor.server import Application, Server
from TumorApp.imaging import phantom, pipeline, rendering
from TumorApp.services import analyses

LOOPBACK_NAMES = {"localhost", "127.0.0.1", "[::1]"}


class Command(BaseCommand):
    """Brings the database up to date, warms the network, and serves until stopped."""

    help = "Brings the database up to date, warms the network, and serves the site with a production server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default="127.0.0.1", help="address or name to listen on (default %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default %(default)s)")
        parser.add_argument("--threads", type=int, default=8, help="requests answered at once (default %(default)s)")

    def handle(self, *args: Any, host: str, port: int, threads: int, **options: Any) -> None:
        """Start; the checks of the installation ran before this."""
        os.umask(0o077)  # database and slices are for the user that runs the site, not for everyone on the machine
        # The port is bound before anything is changed: a second start by mistake ends here.
        server = _bound_server(get_wsgi_application(), host, port, threads)
        call_command("migrate", verbosity=0, interactive=False)
        _warm_up()
        server_host, server_port = server.address
        if not ipaddress.ip_address(server_host.split("%")[0]).is_loopback:
            self._warn_about_names()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.stop())
        shown = f"[{server_host}]" if ":" in server_host else server_host
        self.stdout.write(f"Liver tumour detection is ready at http://{shown}:{server_port}/")
        self.stdout.flush()
        server.run()
        self.stdout.write("Stopped.")

    def _warn_about_names(self) -> None:
        """Say what an owner must set before others can use a site that is open to the network."""
        if LOOPBACK_NAMES.issuperset(settings.ALLOWED_HOSTS):
            self.stdout.write(
                "Other machines can reach this port, but the site answers to loopback names only. "
                "Set ALLOWED_HOSTS to the names it shall answer to, for example ALLOWED_HOSTS=liver.example.org"
            )
        if not settings.HTTPS:
            self.stdout.write(
                "Passwords and slices travel unencrypted. Put a proxy that speaks HTTPS in front, and set HTTPS=1."
            )


def _bound_server(application: Application, host: str, port: int, threads: int) -> Server:
    try:
        return Server(application, host, port, threads)
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE)):
            message = f"Port {port} on {host} is taken by another program. Choose a different one with --port."
        else:
            message = f"The address {host}:{port} cannot be used: {error.strerror}."
        raise CommandError(message) from None


def _warm_up() -> None:
    """Analyse the drawn phantom once, so that the first visitor waits for nothing to be loaded."""
    analysis = pipeline.analyse(phantom.phantom_png(), "phantom.png", analyses.segmenter())
    rendering.figure_png(analysis)
