"""The virtual machine's disk and initramfs, made from packages that this Debian machine has installed.

No mount, no loop device, no download unless the generic kernel is not installed. The result depends on
the packages' versions and on these files alone, and is kept in a cache folder under the hash of both:

    <cache>/<hash>/{disk,initramfs,vmlinuz}

Variants: `plain` has an init of ours, which leaves the whole cgroup tree to the tests; `systemd` boots
Debian's, and the tests run in a delegated service. Another one is another row in VARIANTS.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

PACKAGES = """bash dash coreutils util-linux mount procps psmisc kmod iproute2 nftables strace findutils grep sed gawk mawk
    tar gzip zstd diffutils e2fsprogs python3 python3-pytest busybox-static curl ca-certificates skopeo docker-registry
    libisal2 libcurl4 libcurl4t64 libssl3 libssl3t64 libzstd1 zlib1g libseccomp2 openssl attr acl libcap2-bin file
    libc-bin base-files base-passwd netbase hostname login passwd libcap2-bin libcrypt1 libasan8 libubsan1 bats runc""".split()
VARIANTS = {"plain": PACKAGES, "systemd": [*PACKAGES, "systemd", "systemd-sysv", "dbus"]}
# Units of systemd's start that find nothing to do here.
MASKED = """systemd-random-seed systemd-update-utmp systemd-update-utmp-runlevel systemd-hwdb-update systemd-journal-catalog-update
    systemd-journal-flush systemd-update-done systemd-firstboot systemd-sysusers systemd-binfmt systemd-pstore
    systemd-machine-id-commit systemd-boot-system-token getty@ serial-getty@ systemd-timesyncd systemd-networkd systemd-resolved""".split()
# Dependencies that nothing in the machine runs.
WITHOUT = {"gnupg", "dpkg", "apt", "perl", "perl-base", "debconf", "init-system-helpers", "libllvm14", "gcc-12-base",
           "tzdata", "media-types", "install-info", "readline-common", "sensible-utils", "dbus", "adduser",
           "logsave", "python3-setuptools"}
SKIPPED = ("/usr/share/doc", "/usr/share/man", "/usr/share/locale", "/usr/share/info", "/usr/share/lintian",
           "/usr/share/bug", "/usr/share/bash-completion", "/usr/share/zsh", "/usr/share/fish", "/usr/share/i18n",
           "/usr/share/perl", "/usr/share/gcc", "/usr/lib/python3/dist-packages/pygments", "/lib/modules", "/boot")

# Loaded by the initramfs, in an order that modprobe would find.
BOOT_MODULES = ["virtio_pci", "virtio_blk", "crc32c_generic", "crc32c_intel", "ext4", "virtio_rng"]
MODULES = ["overlay", "veth", "bridge", "br_netfilter", "dummy", "tun", "macvlan", "ipvlan", "vxlan", "8021q", "fuse", "loop",
           "nf_tables", "nft_chain_nat", "nft_ct", "nft_masq", "nft_nat", "nft_redir", "nft_reject_inet", "nft_reject_ipv4",
           "nft_reject_ipv6", "nft_fib_inet", "nft_fib_ipv4", "nft_fib_ipv6", "nft_numgen", "nft_limit", "nft_log", "nft_compat",
           "nft_hash", "nft_objref", "nft_quota", "nft_socket", "nft_tproxy", "nf_conntrack_netlink", "nfnetlink_queue",
           "nfnetlink_log", "xt_conntrack", "xt_MASQUERADE", "xt_addrtype", "xt_comment", "xt_mark", "xt_nat", "ip_tables",
           "iptable_nat", "iptable_filter", "squashfs", "erofs", "configfs", "inet_diag", "tcp_diag", "udp_diag", "unix_diag",
           "binfmt_misc", "isofs", "xfs", "btrfs"]


def output(*command):
    return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, check=True, text=True).stdout


def installed():
    """{package: (version, [alternatives of one dependency, ...])}, also under the names it provides."""
    packages = {}
    form = "${db:Status-Status}\t${Package}\t${Version}\t${Pre-Depends}, ${Depends}\t${Provides}\n"
    for line in output("dpkg-query", "-W", "-f", form).splitlines():
        status, name, version, depends, provides = line.split("\t")
        if status != "installed":
            continue
        needs = [[word.split()[0].split(":")[0] for word in part.split("|")] for part in depends.split(",") if part.strip()]
        packages[name] = (name, version, needs)
        for provided in provides.split(","):
            if provided.strip():
                packages.setdefault(provided.split()[0], (name, version, needs))
    return packages


def closure(names):
    """[(package, version)] of the packages and what they depend on."""
    known = installed()
    found, queue = {}, list(names)
    while queue:
        name = queue.pop()
        if (name in WITHOUT and name not in names) or name not in known or known[name][0] in found:
            continue
        real, version, needs = known[name]
        found[real] = version
        queue += [next((a for a in alternatives if a in known), "") for alternatives in needs]
    return sorted(found.items())


def copy(path, root):
    """Copies one file, link or folder of this machine below @root, below links as they are here."""
    parent = os.path.realpath(os.path.dirname(path))
    target = root / parent.lstrip("/") / os.path.basename(path)
    if os.path.lexists(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        os.symlink(os.readlink(path), target)
    elif stat.S_ISDIR(mode):
        target.mkdir()
        target.chmod(stat.S_IMODE(mode))
    elif stat.S_ISREG(mode):
        shutil.copy2(path, target)
        if "x" in stat.filemode(mode):
            copy_capabilities(path, target)


def copy_capabilities(path, target):
    try:
        os.setxattr(target, "security.capability", os.getxattr(path, "security.capability"))
    except OSError:
        pass


def generic_kernel(scratch):
    """(version, vmlinuz, folder of its modules): Debian's generic kernel, fetched if it is not installed."""

    def newest(boot, modules):
        kernels = [p for p in boot.glob("vmlinuz-*") if "cloud" not in p.name]
        kernels = [p for p in kernels if (modules / p.name.removeprefix("vmlinuz-") / "kernel").is_dir()]
        return max(kernels, key=lambda p: [int(x) if x.isdigit() else 0 for x in p.name.replace("-", ".").split(".")],
                   default=None)

    kernel = newest(Path("/boot"), Path("/lib/modules"))
    if kernel:
        version = kernel.name.removeprefix("vmlinuz-")
        return version, kernel, Path("/lib/modules") / version
    depends = output("apt-cache", "depends", "--important", "linux-image-amd64")
    package = next(line.split()[1] for line in depends.splitlines() if "Depends: linux-image-" in line)
    subprocess.run(["apt-get", "-q", "download", package], cwd=scratch, check=True)
    subprocess.run(["dpkg", "-x", next(Path(scratch).glob("linux-image-*.deb")), scratch], check=True)
    kernel = newest(Path(scratch, "boot"), Path(scratch, "lib/modules"))
    version = kernel.name.removeprefix("vmlinuz-")
    return version, kernel, Path(scratch, "lib/modules", version)


def with_dependencies(names, modules):
    """Paths of the modules and what they need, what is needed first."""
    needs, by_name = {}, {}
    dep = modules / "modules.dep"
    if not dep.exists():
        subprocess.run(["depmod", "-b", modules.parent.parent.parent, modules.name], check=True)
    for line in dep.read_text().splitlines():
        path, _, rest = line.partition(":")
        needs[path] = rest.split()
        by_name[os.path.basename(path).split(".")[0].replace("-", "_")] = path
    ordered = []

    def add(path):
        for needed in reversed(needs[path]):
            add(needed)
        if path not in ordered:
            ordered.append(path)

    for name in names:
        if name.replace("-", "_") in by_name:  # else built in
            add(by_name[name.replace("-", "_")])
    return ordered


def make_initramfs(target, modules, scratch):
    root = Path(scratch, "initramfs")
    for folder in ("bin", "dev", "proc", "sys", "new", "modules"):
        (root / folder).mkdir(parents=True)
    shutil.copy2("/bin/busybox", root / "bin/busybox")
    for applet in ("sh", "mount", "insmod", "switch_root", "sleep", "cat"):
        (root / "bin" / applet).symlink_to("busybox")
    names = []
    for path in with_dependencies(BOOT_MODULES, modules):
        shutil.copy2(modules / path, root / "modules")
        names.append(os.path.basename(path))
    (root / "init").write_text(
        "#!/bin/sh\n"
        "export PATH=/bin\n"
        "mount -t devtmpfs dev /dev\n"
        + "".join(f"insmod /modules/{name}\n" for name in names)
        + "n=0\n"
        "until [ -b /dev/vda ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done\n"
        "mount -t ext4 -o noatime /dev/vda /new || echo no root file system\n"
        "exec switch_root /new /sbin/init\n")
    (root / "init").chmod(0o755)
    files = output("find", root, "-mindepth", "1", "-printf", "%P\n")
    with open(target, "wb") as out:
        subprocess.run(["busybox", "cpio", "-o", "-H", "newc"], cwd=root, input=files.encode(), stdout=out,
                       stderr=subprocess.DEVNULL, check=True)


def put_init(root, variant):
    """The init of the machine, and what it starts."""
    init = root / "usr/sbin/init"
    job = root / "usr/lib/kist-vm"
    job.mkdir(parents=True)
    shutil.copy2(HERE / "job", job)
    if variant == "plain":
        shutil.copy2(HERE / "init", init)
        init.chmod(0o755)
        return
    units = root / "etc/systemd/system"
    shutil.rmtree(units, ignore_errors=True)  # this machine's
    units.mkdir(parents=True)
    shutil.copy2(HERE / "job.service", units)
    (units / "default.target").write_text("[Unit]\nDescription=The job\nWants=job.service\nRequires=basic.target\n")
    for name in [*(f"{name}.service" for name in MASKED), "systemd-ask-password-console.path", "systemd-ask-password-wall.path",
                 "proc-sys-fs-binfmt_misc.automount"]:
        (units / name).symlink_to("/dev/null")
    (root / "etc/machine-id").write_text("4b1d0000000000000000000000000001\n")
    assert init.is_symlink(), "systemd-sysv is not installed"


def make_root(root, packages, variant, version, modules):
    for folder in ("dev", "proc", "sys", "run", "tmp", "mnt", "src", "root", "etc", "var/tmp", "usr/bin", "usr/sbin", "usr/lib",
                   "usr/lib64"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    for name in ("bin", "sbin", "lib", "lib64"):
        if os.path.islink(f"/{name}"):
            (root / name).symlink_to(f"usr/{name}")
    for path in output("dpkg", "-L", *packages).splitlines():
        if path.startswith("/") and not path.startswith(SKIPPED) and os.path.lexists(path) and path != "/.":
            copy(path, root)
    for extra in ("/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ssl/certs/ca-certificates.crt"):
        if os.path.exists(extra):
            copy(extra, root)
    shutil.rmtree(root / "etc/alternatives", ignore_errors=True)
    shutil.copytree("/etc/alternatives", root / "etc/alternatives", symlinks=True)
    for link in os.listdir("/etc/alternatives"):
        command = f"/usr/bin/{link}"
        if os.path.islink(command) and os.readlink(command).startswith("/etc/alternatives"):
            copy(command, root)
    (root / "etc/hostname").write_text("vm\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    (root / "etc/resolv.conf").write_text("nameserver 198.51.100.1\n")
    (root / "etc/fstab").write_text("")
    put_init(root, variant)
    target = root / "usr/lib/modules" / version
    for path in with_dependencies([*BOOT_MODULES, *MODULES], modules):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(modules / path, target / path)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        if (modules / name).exists():
            shutil.copy2(modules / name, target / name)
    subprocess.run(["depmod", "-b", root, version], check=True)
    # Packages compile their modules when they are installed; an interpreted processor has no time for it.
    for folder in [*root.glob("usr/lib/python3.*"), root / "usr/lib/python3/dist-packages"]:
        subprocess.run(["/usr/bin/python3", "-m", "compileall", "-q", "-j", "2", "-s", root, "-p", "/",
                        "--invalidation-mode", "unchecked-hash", folder], check=False, stdout=subprocess.DEVNULL)
    subprocess.run(["ldconfig", "-r", root], check=True)


def make_disk(folder, target, spare_mib):
    """An ext4 of the folder's content and some room, without mounting it."""
    size = int(output("du", "-s", "--block-size=1M", folder).split()[0])
    files = int(output("du", "-s", "--inodes", folder).split()[0])
    with open(target, "wb") as disk:
        disk.truncate((size + size // 8 + spare_mib) << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", folder, "-N", str(files + 128 + spare_mib * 32), "-m", "0", "-E", "root_owner=0:0",
                    "-O", "^has_journal", target], check=True)


def cache_folder():
    default = os.path.join(os.environ.get("XDG_CACHE_HOME") or "/var/cache", "kist-vm")
    return Path(os.environ.get("KIST_VM_CACHE", default))


def prepare(variant="plain"):
    """The folder with disk, initramfs and vmlinuz; made if it is not there. Old ones are removed."""
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w", encoding="ascii") as lock, tempfile.TemporaryDirectory(dir=cache) as scratch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        packages = closure(VARIANTS[variant])
        version, kernel, modules = generic_kernel(scratch)
        key = hashlib.sha256(repr((variant, packages, version, kernel.stat().st_size)).encode())
        for source in (HERE / "init", HERE / "job", HERE / "job.service", Path(__file__)):
            key.update(source.read_bytes())
        folder = cache / f"{variant}-{key.hexdigest()[:16]}"
        if folder.is_dir():
            os.utime(folder)
            return folder
        root, made = Path(scratch, "root"), Path(scratch, "made")
        made.mkdir()
        make_root(root, [name for name, _ in packages], variant, version, modules)
        make_disk(root, made / "disk", 1536)
        make_initramfs(made / "initramfs", modules, scratch)
        shutil.copy2(kernel, made / "vmlinuz")
        os.rename(made, folder)
        for old in sorted(cache.glob(f"{variant}-*"), key=lambda p: p.stat().st_mtime)[:-3]:
            shutil.rmtree(old, ignore_errors=True)
        return folder
