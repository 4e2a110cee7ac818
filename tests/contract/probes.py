"""Attempts to break out, as Python that runs in a machine's terminal: each prints REACHED when it got somewhere."""

READ_HOST_FILES = """
import os
for path in os.environ["PATHS"].split(":"):
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
        print("REACHED", path)
    except OSError as error:
        print("refused", path, error)
"""

FIND_SERVER = """
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        command = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\\0")
    except OSError:
        continue
    if b"coterie.workspace" in command:
        print("REACHED", pid)
"""

CONNECT = """
import os, socket
for target in os.environ["TARGETS"].split(","):
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
        print("REACHED", target)
    except OSError as error:
        print("refused", target, error)
"""

CONNECT_ABSTRACT = """
import os, socket
try:
    socket.socket(socket.AF_UNIX).connect("\\0" + os.environ["NAME"])
    print("REACHED")
except OSError as error:
    print("refused", error)
"""

NEW_NAMESPACES = """
import ctypes
library = ctypes.CDLL(None, use_errno=True)
for name, flag in (("user", 0x10000000), ("mount", 0x20000), ("network", 0x40000000), ("pid", 0x20000000)):
    print("REACHED" if library.unshare(flag) == 0 else "refused", name, ctypes.get_errno())
"""

MOUNT_AND_CHROOT = """
import ctypes, os
library = ctypes.CDLL(None, use_errno=True)
os.makedirs("/tmp/over", exist_ok=True)
for name, result in (
    ("mount", lambda: library.mount(b"none", b"/tmp/over", b"tmpfs", 0, b"")),
    ("remount", lambda: library.mount(b"none", b"/usr", b"", 0x20 | 0x1000, b"")),
    ("unmount", lambda: library.umount2(b"/etc/passwd", 2)),
    ("chroot", lambda: library.chroot(b"/tmp/over")),
):
    print("REACHED" if result() == 0 else "refused", name, ctypes.get_errno())
"""

THROUGH_PROC = """
import os
own = os.readlink("/proc/self/ns/mnt")
for pid in filter(str.isdigit, os.listdir("/proc")):
    for what in ("root/etc/hostname", "cwd", "environ", "mem", "fd/0", "exe"):
        path = f"/proc/{pid}/{what}"
        try:
            if int(pid) != os.getpid():
                os.listdir(path) if what == "cwd" else open(path, "rb").close()
                print("REACHED", path)
        except OSError as error:
            pass
"""

TRACE = """
import ctypes, os
library = ctypes.CDLL(None, use_errno=True)
def attach(pid):
    return library.ptrace(16, pid, None, None) == 0
child = os.fork()
if child == 0:
    import signal
    signal.pause()
print("own child", attach(child))
os.kill(child, 9)
print("REACHED" if attach(1) else "refused", ctypes.get_errno())
pidfd = os.pidfd_open(1)
for number in range(20):
    if library.syscall(438, pidfd, number, 0) >= 0:
        print("REACHED descriptor", number)
"""

WRITE_SYSTEM = """
import os
targets = ["/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/1/oom_score_adj"]
targets += ["/usr/bin/coterie-was-here", "/etc/coterie-was-here", "/coterie-was-here", "/run/coterie/machine/init.py"]
for path in targets:
    try:
        open(path, "a").close()
        print("REACHED", path)
    except OSError as error:
        print("refused", path, error)
"""

DEVICES = """
import os, stat
allowed = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}
for folder, _, names in os.walk("/dev"):
    for name in names:
        mode = os.lstat(f"{folder}/{name}").st_mode
        if (stat.S_ISBLK(mode) or stat.S_ISCHR(mode)) and name not in allowed and folder != "/dev/pts":
            print("REACHED", folder, name)
try:
    os.mknod("/tmp/disk", 0o600 | stat.S_IFBLK, os.makedev(8, 0))
    print("REACHED mknod")
except OSError as error:
    print("refused", error)
if os.path.exists("/sys/kernel"):
    print("REACHED /sys")
"""

FORK_BOMB = """
import os, signal
children = []
try:
    while len(children) < 300:
        child = os.fork()
        if child == 0:
            signal.pause()
        children.append(child)
    print("REACHED")
except OSError as error:
    print("refused", error)
print("forked", len(children))
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""

MEMORY_BOMB = """
import os
blocks = []
for _ in range(64):
    blocks.append(bytearray(os.urandom(1 << 16)) * 256)
print("REACHED", len(blocks) * 16, "MiB")
"""

OPEN_FILES = """
files = []
try:
    while len(files) < 1000:
        files.append(open("/dev/null"))
    print("REACHED")
except OSError as error:
    print("refused", error)
"""

PRIVILEGES = """
import os
print("uid", os.getuid(), os.geteuid())
for line in open("/proc/self/status"):
    if line.startswith(("CapEff", "CapPrm", "CapBnd", "CapAmb")) and int(line.split()[1], 16):
        print("REACHED", line)
    if line.startswith("NoNewPrivs") and line.split()[1] != "1":
        print("REACHED", line)
try:
    os.setuid(0)
    print("REACHED root")
except OSError as error:
    print("refused", error)
"""

REFUSED_CALLS = """
import ctypes
library = ctypes.CDLL(None, use_errno=True)
numbers = {name: pair[ARCHITECTURE] for name, pair in CALLS.items() if name not in ("reboot", "syslog", "acct")}
for name, number in numbers.items():
    library.syscall(number, -1, -1, -1, -1, -1)
    print("refused" if ctypes.get_errno() == 1 else "REACHED", name, ctypes.get_errno())
"""

HOG = """
import os, signal, time
while True:
    try:
        if os.fork() == 0:
            signal.pause()
    except OSError:
        time.sleep(0.01)
"""

SERVE = """
import os, socket
server = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    server.accept()
"""
