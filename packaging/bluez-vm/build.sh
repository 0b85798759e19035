#!/bin/sh
# A small Debian with BlueZ for qemu: kernel and one initramfs, from Debian's and Python's packages alone.
# Usage: packaging/bluez-vm/build.sh [trixie|bookworm]. Prints the folder it is in; built once per content of its inputs.
#
# Packages are unpacked and never configured: no root, no chroot, no mounts. apt runs with the machine's own settings
# (proxy, certificates, credentials), only its lists, its archives and its "installed" are our own; pip likewise.
set -eu
suite=${1:-trixie}
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)

say() { printf 'huoma: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

for tool in apt-get dpkg-deb cpio tar; do
    command -v "$tool" >/dev/null || stop "$tool is missing: run packaging/system-deps.sh first (the BlueZ lane is built from Debian's packages)."
done
[ "$(dpkg --print-architecture)" = amd64 ] || stop "the BlueZ lane is for x86-64 machines; HUOMA_FAST=1 leaves it out."

inputs=$( (printf '%s\n' "$suite"; cat "$here/build.sh" "$here/init" "$here/python-packages" "$project/packaging/requirements.lock") | sha256sum | cut -c1-16)
cache=$project/build/bluez-vm
out=$cache/$suite-$inputs
[ -f "$out/initrd" ] && { printf '%s\n' "$out"; exit 0; }

say "building the BlueZ test system ($suite); about two minutes, then it is kept in build/bluez-vm"
mkdir -p "$cache"
# One build at a time, and nothing half done is ever found by its name.
exec 9>"$cache/lock"
flock 9
[ -f "$out/initrd" ] && { printf '%s\n' "$out"; exit 0; }
work=$(mktemp -d "$cache/tmp.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root" "$work/lists/partial" "$work/archives/partial" "$work/none" "$work/done"
: > "$work/status"

# The mirror this machine already uses, if it is a Debian.
mirror=${HUOMA_DEBIAN_MIRROR:-}
if [ -z "$mirror" ] && grep -q '^ID=debian' /etc/os-release; then
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '
        /^URIs:/ { print $2 } /^deb / { for (i = 2; i <= NF; i++) if ($i ~ /:\//) { print $i; break } }' |
        grep -v security | grep -m 1 -E 'debian/?$' || true)
fi
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f "$keyring" ] && signed="[signed-by=$keyring] " || signed=
printf 'deb %s%s %s main\n' "$signed" "${mirror:-http://deb.debian.org/debian}" "$suite" > "$work/sources.list"

own_apt() {
    tool=$1
    shift
    "$tool" -qq -o Dir::State::Lists="$work/lists" -o Dir::State::status="$work/status" \
        -o Dir::Cache::Archives="$work/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
        -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts="$work/none" \
        -o Dir::Etc::Preferences="$work/none/none" -o Dir::Etc::PreferencesParts="$work/none" \
        -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
        -o APT::Update::Post-Invoke= -o APT::Update::Post-Invoke-Success= -o DPkg::Post-Invoke= "$@"
}
own_apt apt-get update >/dev/null || stop "apt-get update for Debian $suite failed: see above. HUOMA_DEBIAN_MIRROR names another mirror."
own_apt apt-get install -y --no-install-recommends --download-only \
    base-files libc-bin libstdc++6 python3 bluez dbus kmod busybox-static tzdata >/dev/null || stop "could not fetch Debian's packages: see above"
# The kernel alone: the package that depends on it wants a boot loader's helpers, and a wildcard would fetch thirty.
kernel=$(own_apt apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[^ ]*\)/\1/p' | head -n 1)
(cd "$work/archives" && own_apt apt-get download "$kernel" >/dev/null) || stop "could not fetch the kernel $kernel: see above"

unpack() { dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"; }
mkdir -p "$root/usr" "$work/kernel"
for folder in bin sbin lib lib64; do # Debian 12 leaves these links to its installer
    mkdir -p "$root/usr/$folder"
    ln -s "usr/$folder" "$root/$folder"
done
for package in "$work"/archives/*.deb; do
    case ${package##*/} in
        linux-image-*) unpack "$package" "$work/kernel" ;;
        *) unpack "$package" "$root" ;;
    esac
done
rm -rf "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/locale" "$root/usr/share/info" "$root/usr/lib/udev/hwdb.d"

# The modules that a virtual Bluetooth controller and the folder shared with the host need.
version=$(basename "$work"/kernel/boot/vmlinuz-* | sed 's/^vmlinuz-//')
modules=$(find "$work/kernel" -type d -path "*lib/modules/$version" | head -n 1)
to=$root/usr/lib/modules/$version
mkdir -p "$to"
cp "$modules"/modules.builtin* "$modules/modules.order" "$to/"
for part in net/bluetooth net/rfkill net/9p fs/9p fs/netfs fs/fscache drivers/virtio drivers/bluetooth/hci_vhci.ko \
    crypto lib arch/x86/crypto arch/x86/lib drivers/char/hw_random drivers/hid/uhid.ko drivers/hid/hid.ko; do
    for source in "$modules/kernel/$part" "$modules/kernel/$part.xz"; do
        if [ -e "$source" ]; then
            mkdir -p "$to/kernel/$(dirname "$part")"
            cp -a "$source" "$to/kernel/$(dirname "$part")/"
        fi
    done
done

# Programs of the guest run here through its own loader: they know its modules and its Python.
guest() {
    name=$1
    shift
    "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu" --argv0 "${name##*/}" "$root/usr/bin/$name" "$@"
}
cp "$root/usr/bin/kmod" "$root/usr/bin/depmod"
guest depmod -b "$root" "$version"
rm "$root/usr/bin/depmod"

python=$(basename "$(find "$root/usr/bin" -name 'python3.[0-9]*' | head -n 1)")
awk 'NR == FNR { if ($1 !~ /^#/) want[$1] = 1; next }
    /^[a-z0-9]/ { split($0, name, "[=<>~ ]"); inside = name[1] in want } inside' \
    "$here/python-packages" "$project/packaging/requirements.lock" > "$work/requirements"
"$project/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
    --only-binary :all: --python-version "${python#python}" --target "$root/opt/site" -r "$work/requirements" 2> "$work/pip" ||
    { cat "$work/pip" >&2; stop "could not fetch the guest's Python packages: see above"; }
find "$root/opt/site" -type d -name tests -prune -exec rm -rf {} +
PYTHONHOME="$root/usr" guest "$python" -m compileall -q --invalidation-mode unchecked-hash -s "$root" -p / \
    "$root/opt/site" "$root/usr/lib/$python" >/dev/null || true # a few files of the packages are for other Pythons

# What the packages' scripts would have made.
mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/tmp" "$root/host" "$root/var/lib/bluetooth" "$root/var/lib/dbus" "$root/root"
printf 'root:x:0:0:root:/root:/bin/sh\nmessagebus:x:100:100::/run/dbus:/bin/false\n' > "$root/etc/passwd"
printf 'root:x:0:\nmessagebus:x:100:\nbluetooth:x:101:\nnetdev:x:102:\nlp:x:7:\n' > "$root/etc/group"
ln -sf busybox "$root/usr/bin/sh"
rm -rf "$root/var/run"
ln -s /run "$root/var/run" # where D-Bus is looked for
install -m 755 "$here/init" "$root/init"

cp "$work/kernel/boot/vmlinuz-$version" "$work/done/vmlinuz"
(cd "$root" && find . -print0 | LC_ALL=C sort -z | cpio --null --create --format=newc --owner=0:0 --quiet) > "$work/done/initrd"
printf '%s\n' "$(for deb in "$work"/archives/*.deb; do basename "$deb" .deb; done)" > "$work/done/packages"
for old in "$cache/$suite"-*; do rm -rf "$old"; done
mv "$work/done" "$out"
printf '%s\n' "$out"
