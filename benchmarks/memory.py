"""How long a warm upload takes and how the server's memory grows: ``python benchmarks/memory.py [--uploads 100]``.

Starts the real server on a free port with an empty data folder, signs in, uploads drawn slices of changing size one by
one, and prints the resident memory (Linux only) after the first and the last, their ratio, and the median time of
an upload from sending to the whole page.
"""

from __future__ import annotations

import argparse
import http.client
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from TumorApp.imaging.phantom import draw_phantom  # noqa: E402 - the path above comes first

SIDES_PX = (256, 512, 300, 768, 1024)
BOUNDARY = "----slice"


class Visitor:
    """A signed-in visitor with cookies, on one kept connection."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=60)
        self._cookies: dict[str, str] = {}

    def request(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> tuple[int, str]:
        """Return status and text of an answer."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if content_type:
            headers["Content-Type"] = content_type
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        return answer.status, answer.read().decode()

    def token(self, path: str) -> str:
        """Return the form token of a page."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.request("GET", path)[1])
        if found is None:
            sys.exit(f"{path} has no form")
        return found.group(1)

    def sign_in(self) -> None:
        """Sign in with the first account."""
        fields = {"csrfmiddlewaretoken": self.token("/AdminLogin.html"), "t1": "admin", "t2": "admin"}
        body = urllib.parse.urlencode(fields).encode()
        self.request("POST", "/AdminLoginAction", body, "application/x-www-form-urlencoded")

    def upload(self, content: bytes, token: str) -> float:
        """Upload a slice and return the seconds until the page was there."""
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n'.encode(),
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="t1"\r\n\r\n\r\n'.encode(),
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="t2"; filename="slice.png"\r\n'.encode(),
            b"Content-Type: image/png\r\n\r\n" + content + f"\r\n--{BOUNDARY}--\r\n".encode(),
        ]
        start = time.perf_counter()
        status, _ = self.request(
            "POST", "/DetectionAction", b"".join(parts), f"multipart/form-data; boundary={BOUNDARY}"
        )
        if status != 200:
            sys.exit(f"an upload was answered with {status}")
        return time.perf_counter() - start


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in megabytes."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", text)[0]) / 1024


def drawn_slice(number: int) -> bytes:
    """Return a drawn slice as PNG; its size goes round ``SIDES_PX``."""
    side = SIDES_PX[number % len(SIDES_PX)]
    file = io.BytesIO()
    Image.fromarray(draw_phantom(number).grey).resize((side, side), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def main() -> None:
    """Start the server, upload, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=100)
    uploads = parser.parse_args().uploads
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, str(ROOT / "manage.py"), "serve", "--port", "0"]
        started = time.perf_counter()
        server = subprocess.Popen(  # noqa: S603 - our own server with fixed arguments
            command, env={**os.environ, "DATA_DIR": data}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            address = next((line for line in server.stdout or () if "ready at" in line), "")
            found = re.search(r"http://([\d.]+):(\d+)/", address)
            if found is None:
                sys.exit("the server did not start")
            print(f"ready after                {time.perf_counter() - started:8.2f} s")
            visitor = Visitor(found.group(1), int(found.group(2)))
            visitor.sign_in()
            token = visitor.token("/Detection.html")
            seconds, memory = [], []
            for number in range(uploads):
                seconds.append(visitor.upload(drawn_slice(number), token))
                memory.append(resident_mb(server.pid))
        finally:
            server.terminate()
            server.wait(30)
    print(f"warm upload, median        {1000 * statistics.median(seconds[1:]):8.0f} ms")
    print(f"resident after upload 1    {memory[0]:8.1f} MB")
    print(f"resident after upload {uploads:<5}{memory[-1]:8.1f} MB")
    print(f"ratio last to first        {memory[-1] / memory[0]:8.3f}")


if __name__ == "__main__":
    main()
