"""A visitor who talks real HTTP to a real server, with a session of their own."""

from __future__ import annotations

import re
import uuid
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

TIMEOUT_S = 60


class Answer:
    """Status, headers and body of an answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class HTTPVisitor:
    """Keeps cookies and sends form tokens, as a browser does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()), ProxyHandler({}))

    def get(self, path: str) -> Answer:
        return self._open(Request(self.url + path))

    def sign_in(self, username: str, password: str) -> Answer:
        fields = {"t1": username, "t2": password, "csrfmiddlewaretoken": self._token("/AdminLogin.html")}
        return self._open(Request(f"{self.url}/AdminLoginAction", urlencode(fields).encode()))

    def token_for_upload(self) -> str:
        return self._token("/Detection.html")

    def upload(self, content: bytes, token: str, name: str = "slice.png", reference: str = "") -> Answer:
        boundary = uuid.uuid4().hex
        parts = [
            f'Content-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n'.encode(),
            f'Content-Disposition: form-data; name="t1"\r\n\r\n{reference}\r\n'.encode(),
            f'Content-Disposition: form-data; name="t2"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'.encode()
            + content
            + b"\r\n",
        ]
        body = b"".join(f"--{boundary}\r\n".encode() + part for part in parts) + f"--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._open(Request(f"{self.url}/DetectionAction", body, headers))

    def _token(self, path: str) -> str:
        found = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path).body)
        assert found, f"{path} has no form token"
        return found[1].decode()

    def _open(self, request: Request) -> Answer:
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())
