"""The block store by itself, without the API: stores in fresh folders and the BlockBench that fills them."""

import json
import os
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BENCH = os.environ.get("BLOCK_BENCH", os.path.join(ROOT, ".build/release/BlockBench"))


def work_folder():
    """A folder on a real disk: BENCHMARK_DIR, else /var/tmp."""
    return tempfile.mkdtemp(prefix="apus-bench-", dir=os.environ.get("BENCHMARK_DIR", "/var/tmp"))


def fresh(folder):
    """An empty store; the one before is taken away, and the disk is given time to write all that it has."""
    store = os.path.join(folder, "store")
    shutil.rmtree(store, ignore_errors=True)
    subprocess.run(["sync", "-f", folder], check=True)
    return store


def bench(*arguments):
    """Runs BlockBench; what it measured."""
    done = subprocess.run([BENCH, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"BlockBench {arguments[0]} failed: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def write_content(path, mib, text):
    """Unique data: random bytes, or lines of numbered words, which compress about as text does."""
    with open(path, "wb") as file:
        for piece in range(mib):
            if text:
                lines = b"".join(b"%08x the quick brown %d\n" % (piece << 20 | line, line * 7919 % 10007)
                                 for line in range(36000))
                file.write(lines[:1 << 20].ljust(1 << 20, b"."))
            else:
                file.write(os.urandom(1 << 20))
        file.flush()
        os.fsync(file.fileno())
