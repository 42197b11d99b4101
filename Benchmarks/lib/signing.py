"""Signs requests with AWS's Signature Version 4, with nothing but the standard library.

Signing is done before the clock starts, so that the load is not the client's own work.
"""

import hashlib
import hmac
import time
import urllib.parse


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Signer:
    """Makes whole HTTP/1.1 requests of the EC2 query protocol, ready to be sent."""

    version = "2016-11-15"

    def __init__(self, port, key_id, secret, region="us-east-1", service="ec2"):
        self.host = f"127.0.0.1:{port}"
        self.key_id, self.region, self.service = key_id, region, service
        self.secret = secret
        self._day = None

    def _key(self, day):
        if self._day != day:
            key = _hmac(b"AWS4" + self.secret.encode(), day)
            for part in (self.region, self.service, "aws4_request"):
                key = _hmac(key, part)
            self._day, self._signing_key = day, key
        return self._signing_key

    def request(self, action, **parameters):
        """The bytes of a signed POST; parameters by their names on the wire."""
        pairs = [("Action", action), ("Version", self.version), *parameters.items()]
        body = urllib.parse.urlencode(pairs)
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        day = moment[:8]
        kind = "application/x-www-form-urlencoded; charset=utf-8"
        signed = "content-type;host;x-amz-date"
        canonical = "\n".join([
            "POST", "/", "", f"content-type:{kind}", f"host:{self.host}", f"x-amz-date:{moment}", "", signed,
            hashlib.sha256(body.encode()).hexdigest()])
        scope = f"{day}/{self.region}/{self.service}/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        signature = _hmac(self._key(day), to_sign).hex()
        return (
            f"POST / HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: {kind}\r\nX-Amz-Date: {moment}\r\n"
            f"Authorization: AWS4-HMAC-SHA256 Credential={self.key_id}/{scope}, SignedHeaders={signed}, "
            f"Signature={signature}\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()
