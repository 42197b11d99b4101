# Shared by the scripts: progress with times, honest errors, what this host lacks.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }
fail() {
    say ""
    say "Stopped: $1"
    shift
    for line in "$@"; do say "  $line"; done
    exit 2
}

# step TITLE COMMAND...: runs the command with its output in a log, shows what it is and how long it took.
step_number=0
step() {
    local title=$1 log started
    shift
    step_number=$((step_number + 1))
    log=$logs/$step_number.log
    started=$SECONDS
    printf '%2d. %-58s' "$step_number" "$title" >&2
    if "$@" >"$log" 2>&1; then
        printf ' %4d s\n' $((SECONDS - started)) >&2
    else
        local status=$?
        printf ' failed after %d s\n' $((SECONDS - started)) >&2
        tail -n "${tail_lines:-40}" "$log" >&2
        say "The whole log: $log"
        return "$status"
    fi
}

# Debian packages among the arguments that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || printf '%s ' "$package"
    done
}

# ensure_packages PACKAGE...: installs what is missing, which needs root.
ensure_packages() {
    local missing
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        say "These Debian packages are missing and installing them needs root: $missing"
        say "Run: sudo apt-get install --no-install-recommends $missing"
        return 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    apt-get install -y -q --no-install-recommends $missing ||
        { apt-get update -q && apt-get install -y -q --no-install-recommends $missing; }
}

need_debian() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
        fail "this script installs Debian packages and found no apt-get." \
            "Use Debian 12 or newer, or install by hand what README.md lists and build with: swift build -c release"
}

need_swift() {
    command -v swift >/dev/null ||
        fail "Swift 6.2 or newer is not installed, and Debian has no package of it." \
            "Install a toolchain as swift.org/install/linux tells, make 'swift --version' work, and run this again."
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    case $version in
        [0-5].* | 6.0 | 6.1 | "") fail "Swift ${version:-of an unknown version} is too old: 6.2 or newer is needed." ;;
    esac
}

# need_space PATH GIB
need_space() {
    local free
    free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1048576) }')
    [ "$free" -ge "$2" ] || fail "$1 has $free GiB free, and $2 GiB are needed." "Free some space and run this again."
}

# What building and guests need.
build_packages="libsqlite3-dev libzstd-dev git ca-certificates"
guest_packages="qemu-system-x86 qemu-utils seabios nftables dnsmasq-base iproute2 util-linux openssl openssh-client e2fsprogs lz4 cpio"
