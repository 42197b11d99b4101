"""A client that costs little: keeps its connection, signs by itself, and may hang up before it is answered."""

import datetime
import hashlib
import hmac
import http.client
import socket
import urllib.parse

from .requests import Answer


class LeanClient:
    """One connection of one account; not to be shared by threads."""

    def __init__(self, account):
        place = urllib.parse.urlsplit(account.endpoint)
        self.host = f"{place.hostname}:{place.port}"
        self.account = account
        self._connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        self._keys = {}

    def ask(self, action, parameters):
        """The answer; raises OSError or http.client.HTTPException where the connection ends without one."""
        try:
            self._send(action, parameters)
            response = self._connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read().decode())
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def ask_and_hang_up(self, action, parameters):
        """As a client does whose patience is over: the request is sent whole, the answer not waited for."""
        try:
            self._send(action, parameters)
        finally:
            if self._connection.sock:
                self._connection.sock.shutdown(socket.SHUT_RDWR)
            self.close()

    def close(self):
        self._connection.close()

    def _send(self, action, parameters):
        body = urllib.parse.urlencode({"Action": action, "Version": "2016-11-15", **parameters}).encode()
        self._connection.request("POST", "/", body=body, headers=self._headers(body))

    def _headers(self, body):
        moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{self.account.region}/ec2/aws4_request"
        kind = "application/x-www-form-urlencoded; charset=utf-8"
        canonical = "\n".join(["POST", "/", "", f"content-type:{kind}", f"host:{self.host}", f"x-amz-date:{moment}", "",
                               "content-type;host;x-amz-date", hashlib.sha256(body).hexdigest()])
        text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        signature = hmac.new(self._key(moment[:8]), text.encode(), hashlib.sha256).hexdigest()
        credential = f"Credential={self.account.access_key}/{scope}"
        return {"Content-Type": kind, "X-Amz-Date": moment,
                "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=content-type;host;x-amz-date, "
                                 f"Signature={signature}"}

    def _key(self, day):
        if day not in self._keys:
            key = ("AWS4" + self.account.secret_key).encode()
            for part in (day, self.account.region, "ec2", "aws4_request"):
                key = hmac.new(key, part.encode(), hashlib.sha256).digest()
            self._keys[day] = key
        return self._keys[day]
