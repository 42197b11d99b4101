"""A client of the EBS direct APIs that makes and signs its requests before they are sent."""

import base64
import hashlib
import json
import socket
import time
import urllib.parse

from lib.signing import Signer, _hmac

BLOCK = 524_288
UNSIGNED = "UNSIGNED-PAYLOAD"


class EBSClient:
    """One keep-alive connection to a server of `lib.clouds`."""

    def __init__(self, server):
        self.server = server
        self.signer = Signer(server.port, server.signer.key_id, server.signer.secret, service="ebs")
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray(2 * BLOCK)

    def close(self):
        self.socket.close()

    # Requests

    def request(self, method, path, query=(), headers=(), body=b"", payload=None):
        signer = self.signer
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        payload = payload or hashlib.sha256(body).hexdigest()
        query = "&".join(f"{name}={urllib.parse.quote(value, safe='-_.~')}" for name, value in sorted(query))
        named = {"host": signer.host, "x-amz-content-sha256": payload, "x-amz-date": moment, **dict(headers)}
        signed = ";".join(sorted(named))
        lines = [f"{name}:{named[name]}" for name in sorted(named)]
        canonical = "\n".join([method, path, query, *lines, "", signed, payload])
        scope = f"{moment[:8]}/{signer.region}/ebs/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        signature = _hmac(signer._key(moment[:8]), to_sign).hex()
        named["authorization"] = (f"AWS4-HMAC-SHA256 Credential={signer.key_id}/{scope}, SignedHeaders={signed}, "
                                  f"Signature={signature}")
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        target = path + (f"?{query}" if query else "")
        return f"{method} {target} HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body

    def put(self, snapshot, index, block):
        checksum = base64.b64encode(hashlib.sha256(block).digest()).decode()
        return self.request("PUT", f"/snapshots/{snapshot}/blocks/{index}", headers={
            "x-amz-data-length": str(len(block)), "x-amz-checksum": checksum, "x-amz-checksum-algorithm": "SHA256",
        }.items(), body=block, payload=UNSIGNED)

    def get(self, snapshot, index, token):
        return self.request("GET", f"/snapshots/{snapshot}/blocks/{index}", query=[("blockToken", token)])

    # Calls

    def send(self, request):
        """The answer's body."""
        self.socket.sendall(request)
        view, got = memoryview(self.buffer), 0
        while (end := self.buffer.find(b"\r\n\r\n", 0, got)) < 0:
            got += self._more(view[got:])
        head = bytes(view[:end]).decode("latin-1").lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0]) if "content-length:" in head else 0
        while got < end + 4 + length:
            got += self._more(view[got:])
        body = bytes(view[end + 4:got])
        status = int(head.split(" ", 2)[1])
        if status >= 300:
            raise RuntimeError(f"{status}: {body[:300].decode(errors='replace')}")
        return body

    def _more(self, room):
        count = self.socket.recv_into(room)
        if count == 0:
            raise EOFError("the server hung up")
        return count

    def start(self, size_gib):
        return json.loads(self.send(self.request(
            "POST", "/snapshots", body=json.dumps({"VolumeSize": size_gib}).encode())))["SnapshotId"]

    def complete(self, snapshot, count):
        """Returns once it is completed."""
        self.send(self.request("POST", f"/snapshots/completion/{snapshot}",
                               headers=[("x-amz-changedblockscount", str(count))]))
        end = time.monotonic() + 60
        while "<status>completed</status>" not in self.server.call("DescribeSnapshots", **{"SnapshotId.1": snapshot}):
            if time.monotonic() > end:
                raise TimeoutError(f"{snapshot} is not completed")
            time.sleep(0.02)

    def tokens(self, snapshot):
        """Index and token of every block."""
        found, token = [], None
        while True:
            query = [("pageToken", token)] if token else []
            page = json.loads(self.send(self.request("GET", f"/snapshots/{snapshot}/blocks", query=query)))
            found += [(block["BlockIndex"], block["BlockToken"]) for block in page["Blocks"]]
            token = page.get("NextToken")
            if not token:
                return found

    def delete(self, snapshot):
        self.server.call("DeleteSnapshot", SnapshotId=snapshot)
