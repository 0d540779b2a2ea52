import threading
import time

from marops.domains.workflows import warming


def test_a_worker_that_is_told_to_stop_does_not_wait_for_the_compiler(monkeypatch, tmp_path):
    monkeypatch.setattr(warming, "SOON", 0.0)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    stop = threading.Event()
    thread = threading.Thread(target=warming.keep_warm, args=(stop,))
    thread.start()
    time.sleep(1.0)  # compiling takes some twelve seconds
    assert thread.is_alive()
    stop.set()
    thread.join(3.0)
    assert not thread.is_alive()
    assert not list(tmp_path.rglob("*.nbc"))  # it had not come to its end
