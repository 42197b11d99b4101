"""How the tiny image asks the metadata service at boot: its own script under its own shell, against answers of every
shape that the service gives."""

import pathlib
import shutil
import socket
import subprocess
import threading

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "Sources/ImageRecipes/Resources/tiny/rootfs/usr/lib/apus/metadata-session"
NOT_FOUND = """<?xml version="1.0" encoding="iso-8859-1"?>
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head><title>404 - Not Found</title></head>
 <body><h1>404 - Not Found</h1></body>
</html>
"""
ANSWERS = {
    "api/token": "dG9rZW4=", "meta-data/instance-id": "i-0123456789abcdef0",
    "meta-data/local-hostname": "ip-10-0-0-4.ec2.internal", "meta-data/local-ipv4": "10.0.0.4",
    "meta-data/public-keys/0/openssh-key": "ssh-ed25519 AAAA one\n",
}


def serve(connection, answers, asked):
    """Answers request after request, and leaves the connection open: only lengths tell where an answer ends."""
    stream = connection.makefile("rb")
    while line := stream.readline():
        path = line.split()[1].decode().removeprefix("/latest/")
        while stream.readline().strip():
            pass
        asked.append(path)
        status, text = ("200 OK", answers[path]) if path in answers else ("404 Not Found", NOT_FOUND)
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())


def session(folder, answers):
    """Runs the script to its end: its exit status, what it left, and what it asked for."""
    if not shutil.which("busybox"):
        pytest.skip("needs busybox (Debian package busybox-static)")
    ours, its = socket.socketpair()
    asked = []
    server = threading.Thread(target=serve, args=(ours, answers, asked), daemon=True)
    server.start()
    done = subprocess.run(["busybox", "ash", SCRIPT, folder], stdin=its, stdout=its, timeout=60, check=False)
    its.close()
    server.join(10)
    ours.close()
    return done.returncode, {file.name: file.read_text() for file in folder.iterdir()}, asked


def test_all_that_the_service_has_is_left_as_files(tmp_path):
    status, files, asked = session(tmp_path, ANSWERS)
    assert status == 0
    assert files == {
        "token": "dG9rZW4=\n", "instance-id": "i-0123456789abcdef0\n",
        "local-hostname": "ip-10-0-0-4.ec2.internal\n", "local-ipv4": "10.0.0.4\n",
        "openssh-key": "ssh-ed25519 AAAA one\n"}
    assert asked == list(ANSWERS)


def test_a_launch_without_a_key_pair_is_read_to_the_end_of_the_page_that_says_so(tmp_path):
    """An indented page whose length is miscounted would leave the script waiting for bytes that never come."""
    answers = {path: text for path, text in ANSWERS.items() if "public-keys" not in path}
    status, files, _ = session(tmp_path, answers)
    assert status == 0
    assert "openssh-key" not in files
    assert files["instance-id"] == "i-0123456789abcdef0\n"


@pytest.mark.parametrize("text", ["one\n", "one", " one\n\n two\n", "one\ntwo"])
def test_an_answer_in_between_is_counted_whatever_its_lines(tmp_path, text):
    """What follows it is still found where it begins."""
    status, files, _ = session(tmp_path, ANSWERS | {"meta-data/local-hostname": text})
    assert status == 0
    assert files["local-ipv4"] == "10.0.0.4\n"
    assert files["local-hostname"] == text.rstrip("\n") + "\n"
