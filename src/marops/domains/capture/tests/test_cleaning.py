import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HELPED = """
import os, threading, time
import django
django.setup()
from marops.domains.capture.cleaning import Judge

def ask(judge):
    pairs = [(f"+4930{n:07d}", "DE") for n in range(5000)]
    assert judge._numbers(pairs)[0]

if __name__ == "__main__":
    judge = Judge()
    thread = threading.Thread(target=ask, args=(judge,))
    thread.start()
    thread.join()
    time.sleep(0.2)
    ask(judge)  # they outlive the thread that started them
    print(*judge._pool._processes, flush=True)
    time.sleep(60)
"""


def lives(pid):
    try:
        with Path(f"/proc/{pid}/stat").open() as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_helping_processes_end_with_the_one_they_help(tmp_path):
    script = tmp_path / "helped.py"
    script.write_text(HELPED)
    settings = {"DJANGO_SETTINGS_MODULE": "marops.site.settings"}
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=os.environ | settings
    ) as helped:
        helpers = [int(pid) for pid in helped.stdout.readline().split()]
        assert len(helpers) == 2
        assert all(map(lives, helpers))
        helped.send_signal(signal.SIGKILL)
    end = time.monotonic() + 10
    while any(map(lives, helpers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(lives, helpers))
