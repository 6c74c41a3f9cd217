#!/usr/bin/env python3
"""Fetches LibTorch from PyTorch's wheels into a folder; `scripts/setup` calls it when LibTorch is missing.

    fetch-libtorch.py [--cuda] FOLDER

FOLDER receives `torch/` (headers and libraries) and, on Linux x86-64, `nvidia/` beside it. Wheels are unpacked
next to FOLDER and renamed into place, so an interruption leaves nothing half-done; a lock makes a second run wait
for the first. `--cuda` replaces `nvidia/` by the full set of libraries that the wheel names for training on a GPU.
Needs Python 3.8 and pip, nothing else. pip's own settings (proxy, PIP_NO_INDEX, PIP_FIND_LINKS, ...) apply.
"""
import argparse
import contextlib
import errno
import fcntl
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSION = "2.11.0"
TORCH = f"torch=={VERSION}"
# libtorch_cpu.so of the Linux x86-64 wheel is linked with these two, also where no GPU is used.
RUNTIME = ["nvidia-cuda-runtime==13.0.96", "nvidia-cuda-cupti==13.0.85"]
# What is unpacked: the rest of the torch wheel is Python.
WANTED = re.compile(r"torch/(include|lib|share/cmake)/|torch/version\.py$|torch-[^/]*/(licenses/|METADATA$)|nvidia/")
# The largest need at one time, wheels and unpacked, in GiB.
SPACE = {"torch": 2.0, "cuda": 6.0}

PLATFORMS = {  # arm64 and macOS are untested
    ("Linux", "x86_64"): [f"manylinux_2_{minor}_x86_64" for minor in range(28, 16, -1)] + ["manylinux2014_x86_64"],
    ("Linux", "aarch64"): [f"manylinux_2_{minor}_aarch64" for minor in range(28, 16, -1)],
    ("Darwin", "arm64"): [f"macosx_{major}_0_arm64" for major in range(14, 10, -1)],
}


def fail(message, *hints):
    print("scripts/setup: " + "\n  ".join((message,) + hints), file=sys.stderr)
    sys.exit(1)


@contextlib.contextmanager
def locked(path):
    """Holds an exclusive lock on the file at `path`; the system drops it when this process ends."""
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another run is fetching LibTorch; waiting for it ...", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def check_space(folder, gigabytes):
    free = shutil.disk_usage(folder).free / 2**30
    if free < gigabytes:
        fail(f"LibTorch needs {gigabytes:.0f} GiB free while it is unpacked; {folder} has {free:.1f} GiB.",
             "Free some space, or set XDG_CACHE_HOME to a place with more, or LIBTORCH to a LibTorch that you have.")


def download(requirements, folder):
    """Downloads the wheels of `requirements` for this machine, whatever the version of the Python that runs this."""
    machine = (platform.system(), platform.machine())
    if machine not in PLATFORMS:
        fail(f"there is no LibTorch wheel for {' '.join(machine)}.", "Set LIBTORCH to a LibTorch 2.11 of your own.")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir",
               "--python-version", "3.12", "--implementation", "cp", "--abi", "cp312", "--abi", "abi3", "--abi", "none",
               "--disable-pip-version-check", "--dest", str(folder)]
    for name in PLATFORMS[machine]:
        command += ["--platform", name]
    print("Downloading " + ", ".join(requirements) + " ...", flush=True)
    # pip's own temporary files go to the same disk, whose space was checked.
    environment = {**os.environ, "TMPDIR": str(folder)}
    result = subprocess.run(command + requirements, stdin=subprocess.DEVNULL, env=environment)
    if result.returncode != 0:
        if result.returncode < 0 or result.returncode == 130:
            sys.exit(130)
        fail("pip could not download LibTorch; its own message stands above. Nothing was changed. What helps:",
             "behind a proxy: set https_proxy (and PIP_CERT for a certificate of its own);",
             f"without a network: copy the wheels {', '.join(requirements)} here and set",
             "    PIP_NO_INDEX=1 PIP_FIND_LINKS=/path/to/wheels;",
             "with a LibTorch 2.11 of your own: set LIBTORCH=/path/to/torch.")
    return sorted(Path(folder).glob("*.whl"))


def unpack(wheels, folder):
    """Unpacks the headers, libraries and licences of `wheels`; removes each wheel when it is done."""
    for wheel in wheels:
        print(f"Unpacking {wheel.name} ...", flush=True)
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                if WANTED.match(entry.filename):
                    archive.extract(entry, folder)
        wheel.unlink()


def replace(source, target, scratch):
    """Renames folder `source` to `target`; what was there moves into `scratch`."""
    if target.exists():
        target.rename(scratch / (target.name + ".old"))
    source.rename(target)


def is_complete(folder):
    """Whether `folder` holds a whole LibTorch: folders come by rename, so these few files stand for all."""
    library = "libtorch_cpu." + ("dylib" if platform.system() == "Darwin" else "so")
    whole = (folder / "torch/include/ATen/ATen.h").is_file() and (folder / "torch/lib" / library).is_file()
    needs_runtime = (platform.system(), platform.machine()) == ("Linux", "x86_64")
    return whole and (not needs_runtime or any((folder / "nvidia").glob("*/lib/libcudart.so.*")))


def fetch_torch(folder, scratch):
    check_space(folder.parent, SPACE["torch"])
    x86 = (platform.system(), platform.machine()) == ("Linux", "x86_64")
    unpack(download([TORCH] + (RUNTIME if x86 else []), scratch), scratch / "new")
    if not is_complete(scratch / "new"):
        fail(f"the wheels of {TORCH} lack the expected files (torch/include, torch/lib).",
             "A find-links folder may hold another package of that name; pip's output above tells where it came from.")
    replace(scratch / "new", folder, scratch)


def cuda_requirements(folder):
    """The NVIDIA wheels that the torch wheel asks for, read from its metadata."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        fail("--cuda is for Linux x86-64.")
    metadata = "".join(path.read_text() for path in folder.glob("torch-*.dist-info/METADATA"))
    found = re.findall(r"^Requires-Dist: ((?:nvidia|cuda-toolkit)[^\s;]*)", metadata, re.M)
    if not found:
        fail(f"{folder} names no NVIDIA libraries.", f"Remove {folder} and run scripts/setup --cuda again.")
    return found


def fetch_cuda(folder, scratch):
    check_space(folder.parent, SPACE["cuda"])
    requirements = cuda_requirements(folder)
    toolkit = [name for name in requirements if name.startswith("cuda-toolkit")]
    plain = [name for name in requirements if not name.startswith("cuda-toolkit")]
    if toolkit:  # a package without files that names the toolkit's parts as extras
        plain += toolkit_parts(toolkit[0], scratch)
    unpack(download(sorted(set(plain)), scratch), scratch / "new")
    replace(scratch / "new/nvidia", folder / "nvidia", scratch)


def toolkit_parts(requirement, scratch):
    """The wheels behind `cuda-toolkit[a,b,...]==X`."""
    wheel = download([requirement], scratch)[0]
    with zipfile.ZipFile(wheel) as archive:
        name = next(entry for entry in archive.namelist() if entry.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()
    wheel.unlink()
    extras = set(re.search(r"\[(.*?)\]", requirement).group(1).split(","))
    parts = []
    for line in re.findall(r"^Requires-Dist: (.*)$", metadata, re.M):
        extra = re.search(r"""extra == ["'](.*?)["']""", line)
        if extra and extra.group(1) in extras:
            parts.append(line.split(";")[0].strip().replace(" ", ""))
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuda", action="store_true")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    folder = arguments.folder.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder.parent / (folder.name + ".lock")):
            # What an earlier run that was killed left behind; the lock says that none is at work.
            for left in folder.parent.glob(folder.name + ".part-*"):
                shutil.rmtree(left, ignore_errors=True)
            scratch = Path(tempfile.mkdtemp(prefix=folder.name + ".part-", dir=folder.parent))
            try:
                (scratch / "new").mkdir()
                if not is_complete(folder):
                    fetch_torch(folder, scratch)
                if arguments.cuda and not (folder / "nvidia/cudnn").is_dir():
                    fetch_cuda(folder, scratch)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            fail(f"the disk filled up under {folder.parent}.", "Free some space and run this again: nothing was left half-done.")
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            fail(f"no permission to write in {folder.parent}: {error.strerror}.",
                 "Make it writable, or set XDG_CACHE_HOME to a place that is.")
        raise


if __name__ == "__main__":
    main()
