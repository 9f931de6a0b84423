# SPDX-License-Identifier: Apache-2.0
"""A program that `eval` runs (cmd:) is stopped with it, with all that it started: Ctrl-C in a terminal,
a signal to pluvia alone, a program that will not hear of it, a second signal.
Usage: eval_stop.py PLUVIA"""
import os, signal, subprocess, sys, tempfile, time

pluvia = sys.argv[1]
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, by what is started here too


def alive(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def until(true, what, seconds=60):
    last = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < last, what
        time.sleep(0.02)


with tempfile.TemporaryDirectory() as folder:
    os.environ["PLUVIA_CACHE"] = os.path.join(folder, "cache")
    os.environ["TMPDIR"] = os.path.join(folder, "tmp")
    os.mkdir(os.environ["TMPDIR"])
    at = lambda name: os.path.join(folder, name)
    made = subprocess.run([pluvia, "synth", "vrds-mini", "--size", "160x90", "--frames", "2", "--clips", "6", "--out", at("set.h5")], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    pids = at("pids")
    # Two programs a clip, each with its number written down: the shell's child and a child of that.
    asleep = f"sh -c 'echo $$ >> {pids}; sleep 300 & echo $! >> {pids}; wait' x {{in}} {{out}}"
    deaf = f"trap '' TERM INT; {asleep}"

    def stop(command, send, status, then=lambda run: None):
        if os.path.exists(pids):
            os.remove(pids)
        run = subprocess.Popen([pluvia, "eval", "cmd:" + command, "--data", at("set.h5"), "--out", at("x.json"), "--threads", "2"],
                               stderr=subprocess.PIPE, text=True, start_new_session=True)
        until(lambda: os.path.exists(pids) and len(open(pids).read().split()) == 4, "both clips' programs")
        start = time.monotonic()
        send(run)
        then(run)
        error = run.communicate(timeout=60)[1]
        assert run.returncode == status, (command, run.returncode, error)
        assert "ended with status" not in error and "Traceback" not in error, error
        for pid in map(int, open(pids).read().split()):
            until(lambda: not alive(pid), f"process {pid} still runs", 5)
        return error, time.monotonic() - start

    in_terminal = lambda run: os.killpg(run.pid, signal.SIGINT)
    error, _ = stop(asleep, in_terminal, 130)
    assert "interrupted" in error, error
    assert not os.listdir(os.environ["TMPDIR"]) and not [name for name in os.listdir(folder) if name.startswith("x.")]

    def refused_meanwhile(run):
        other = subprocess.run([pluvia, "eval", "identity", "--data", at("set.h5"), "--out", at("x.json")], capture_output=True, text=True)
        assert other.returncode == 3 and "is writing there" in other.stderr, (other.returncode, other.stderr)
        run.send_signal(signal.SIGINT)

    stop(asleep, refused_meanwhile, 130)
    stop(asleep, lambda run: run.send_signal(signal.SIGTERM), 143)
    # The terminal is closed: its shell says so, and the system once more. That is no second Ctrl-C.
    error, _ = stop(deaf, lambda run: run.send_signal(signal.SIGHUP), 143, lambda run: (time.sleep(0.2), run.send_signal(signal.SIGHUP)))
    assert "stopped by a signal" in error, error
    _, took = stop(deaf, lambda run: run.send_signal(signal.SIGINT), 130)
    assert took > 1, "no time to end by itself"
    error, _ = stop(deaf, in_terminal, 130, lambda run: (time.sleep(0.2), in_terminal(run)))
    assert "interrupted" not in error, error  # at once, without the ordinary end
