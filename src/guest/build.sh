#!/bin/sh
# Builds what a guest boots from, into an image directory: vmlinux, vmlinux.initramfs and rootfs-web.ext4.
#
#   build.sh [IMAGE_DIRECTORY]        default: .vmplane/images, with the cache beside it
#
# The kernel is the distribution's own cloud kernel, downloaded and unpacked but never installed; it stays in the cache, so a
# second run needs no network (remove the cache to take a newer one). Nothing here needs root. Every file appears under its
# name only when it is whole, and is left alone while what it is made from has not changed.
set -eu
umask 022
PATH=$PATH:/usr/sbin:/sbin # where some distributions hide mke2fs from ordinary users
LC_ALL=C
export PATH LC_ALL

source=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
images=${1:-.vmplane/images}
cache=$(dirname -- "$images")/cache
mkdir -p "$images/.made-from" "$cache"
images=$(CDPATH='' cd -- "$images" && pwd)
cache=$(CDPATH='' cd -- "$cache" && pwd)
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work" "$images"/.*."$$"' EXIT
trap 'exit 1' INT TERM HUP

# In the order they are wanted; what they depend on is found and put before them, what the kernel holds already is left out.
modules='virtio_mmio virtio_pci virtio_blk virtio_net virtio_console virtio_rng virtio_balloon overlay button evdev
    vmw_vsock_virtio_transport'

fail() {
    printf 'build.sh cannot %s\n' "$*" >&2
    exit 1
}

# need TOOL PACKAGE
need() {
    command -v "$1" >/dev/null 2>&1 || fail "continue: $1 is missing (package $2)"
}

# current FILE KEY: whether FILE was made from exactly what KEY names.
current() {
    [ -f "$images/$1" ] && [ "$(cat "$images/.made-from/$1" 2>/dev/null)" = "$2" ]
}

# publish MADE FILE KEY: gives the finished file its name, in one step.
publish() {
    rm -f "$images/.made-from/$2"
    cp "$1" "$images/.$2.$$"
    mv -f "$images/.$2.$$" "$images/$2"
    printf '%s\n' "$3" >"$images/.made-from/$2"
    printf '%s: %s KiB\n' "$2" "$(($(wc -c <"$1") / 1024))"
}

digest() {
    cat "$@" | sha256sum | cut -c1-32
}

compile() {
    out=$1
    shift
    "${CC:-cc}" -std=c11 -O2 -static -s -Wall -Wextra -Werror "$@" -o "$out"
}

# The real package behind the distribution's "current kernel for virtual machines".
kernel_package() {
    for name in linux-image-cloud-amd64 linux-image-virtual; do
        real=$(apt-cache depends "$name" 2>/dev/null |
            sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
        if [ -n "$real" ]; then
            printf '%s\n' "$real"
            return
        fi
    done
    fail 'find a kernel package: neither linux-image-cloud-amd64 nor linux-image-virtual is known (apt-get update?)'
}

# Leaves the unpacked kernel and its modules in $cache/kernel, and the package's name in $cache/kernel/package.
fetch_kernel() {
    [ -f "$cache/kernel/package" ] && return
    need apt-get apt
    need dpkg-deb dpkg
    package=$(kernel_package)
    printf 'kernel: downloading %s\n' "$package"
    mkdir "$work/packages" "$work/kernel"
    modules_package=$(printf '%s\n' "$package" | sed 's/^linux-image-/linux-modules-/')
    apt-cache show "$modules_package" >/dev/null 2>&1 || modules_package=
    # shellcheck disable=SC2086 # no word when the distribution keeps modules in the image package
    (cd "$work/packages" && apt-get -qq -o APT::Sandbox::User=root download "$package" $modules_package) ||
        fail "download $package (see above)"
    for archive in "$work"/packages/*.deb; do
        dpkg-deb -x "$archive" "$work/kernel"
    done
    basename -a "$work"/packages/*.deb >"$work/kernel/package"
    rm -rf "$cache/kernel"
    mv "$work/kernel" "$cache/kernel"
}

# number FILE OFFSET BYTES: an unsigned little-endian number of the boot header.
number() {
    od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# first_bytes FILE: four of them, as they stand, in hexadecimal.
first_bytes() {
    od -An -v -t x1 -N 4 "$1" | tr -d ' \n'
}

# unpack FILE: to standard output, by its first bytes; what is not compressed comes out as it is.
unpack() {
    case $(first_bytes "$1") in
    1f8b*) need gzip gzip && gzip -dcq <"$1" ;;
    fd377a58) need xz xz-utils && xz -dcq <"$1" ;;
    28b52ffd) need zstd zstd && zstd -dcq <"$1" ;;
    02214c18) need lz4 lz4 && lz4 -dcq <"$1" ;;
    7f454c46) cat "$1" ;;
    *) fail "unpack $(basename "$1"): its compression is unknown" ;;
    esac
}

# A bzImage says where its compressed ELF kernel begins and ends (the Linux x86 boot protocol, 2.08 and later: setup_sects at
# 0x1f1, payload_offset at 0x248, payload_length at 0x24c). All but gzip are followed by four bytes with the unpacked size;
# gzip ends with the same four bytes by its own format.
extract_vmlinux() {
    start=$((($(number "$1" 497 1) + 1) * 512 + $(number "$1" 584 4)))
    length=$(number "$1" 588 4)
    tail -c "+$((start + 1))" "$1" | head -c "$length" >"$work/payload"
    size=$(number "$work/payload" $((length - 4)) 4)
    case $(first_bytes "$work/payload") in
    1f8b*) ;;
    *) truncate -s -4 "$work/payload" ;;
    esac
    unpack "$work/payload" >"$work/vmlinux"
    [ "$(wc -c <"$work/vmlinux")" -eq "$size" ] || fail 'unpack the kernel: its size is not what its header says'
    [ "$(first_bytes "$work/vmlinux")" = 7f454c46 ] || fail 'unpack the kernel: what is inside is not ELF'
}

make_kernel() {
    key=$(digest "$source/build.sh" "$cache/kernel/package")
    current vmlinux "$key" && return
    set -- "$cache"/kernel/boot/vmlinuz-*
    extract_vmlinux "$1"
    publish "$work/vmlinux" vmlinux "$key"
}

# module_file NAME: the path of a module; file names use - and _ as they like.
module_file() {
    pattern=$(printf '%s\n' "$1" | sed 's/[-_]/[-_]/g')
    find "$cache/kernel" -name "$pattern.ko" -o -name "$pattern.ko.xz" -o -name "$pattern.ko.zst" -o -name "$pattern.ko.gz" |
        head -n 1
}

# add_module NAME: unpacks it after everything it depends on, numbered in that order. A module says itself what it needs, so
# no index is wanted, which the package leaves to its installation.
add_module() {
    case " $added " in *" $1 "*) return ;; esac
    added="$added $1"
    file=$(module_file "$1")
    [ -n "$file" ] || return 0 # built into the kernel
    unpack "$file" >"$work/$1.ko"
    for dependency in $(tr '\0' '\n' <"$work/$1.ko" | sed -n 's/^depends=//p' | tr ',' ' '); do
        add_module "$dependency"
    done
    mv "$work/$1.ko" "$work/initramfs/modules/$(printf '%02d' "$ordinal")-$1.ko"
    ordinal=$((ordinal + 1))
}

make_initramfs() {
    key=$(digest "$source/build.sh" "$source"/init/* "$cache/kernel/package")
    current vmlinux.initramfs "$key" && return
    need cpio cpio
    mkdir -p "$work/initramfs/modules"
    compile "$work/initramfs/init" "$source"/init/*.c
    added=
    ordinal=10
    for module in $modules; do
        add_module "$module"
    done
    touch_all "$work/initramfs"
    (cd "$work/initramfs" && find . | sort | cpio --quiet -o -H newc -R 0:0 --reproducible) >"$work/cpio"
    publish "$work/cpio" vmlinux.initramfs "$key"
}

# One time for everything, so that equal sources make equal images.
touch_all() {
    find "$1" -exec touch -h -d '2020-01-01T00:00:00Z' {} +
}

# mke2fs copies owners and change times from the directory, which are the builder's. debugfs, of the same package, sets them.
own_by_root() {
    (cd "$1" && find . | sort) | while read -r path; do
        for field in uid gid; do
            printf 'set_inode_field "%s" %s 0\n' "${path#.}" "$field"
        done
        for field in ctime atime mtime crtime; do
            printf 'set_inode_field "%s" %s 20200101000000\n' "${path#.}" "$field"
        done
    done | sed 's/ "" / "\/" /' >"$work/owners"
    debugfs -w -f "$work/owners" "$2" >/dev/null 2>"$work/debugfs.log" || fail "set owners: $(cat "$work/debugfs.log")"
}

make_web_root() {
    key=$(digest "$source/build.sh" "$source"/demo/*)
    current rootfs-web.ext4 "$key" && return
    need mke2fs e2fsprogs
    need debugfs e2fsprogs
    root=$work/web
    for directory in app/bin bin dev etc proc root run sys tmp usr/bin var; do
        mkdir -p "$root/$directory"
    done
    compile "$root/app/bin/server" "$source"/demo/*.c
    touch_all "$root"
    # Read-only in the guest, so neither a journal nor space to grow.
    E2FSPROGS_FAKE_TIME=1577836800
    export E2FSPROGS_FAKE_TIME
    mke2fs -q -t ext4 -d "$root" -m 0 -N 64 -O '^has_journal,^resize_inode' -L rootfs-web \
        -U 6f0b4e1c-6d1b-4d0e-9a53-0c8f7a2d1e55 -E root_owner=0:0,hash_seed=2f6d3c5a-51c8-4b7e-8f0d-6b1a9e4c7d20 \
        "$work/web.ext4" 4M >/dev/null
    own_by_root "$root" "$work/web.ext4"
    publish "$work/web.ext4" rootfs-web.ext4 "$key"
}

need "${CC:-cc}" 'gcc and libc6-dev'
fetch_kernel
make_kernel
make_initramfs
make_web_root
printf 'images are in %s, kernel from %s\n' "$images" "$(head -n 1 "$cache/kernel/package")"
