# Packages of the tiny image: which they are, from the cache or by apt into the cache, unpacked for the other parts.
# Sourced by build-tiny-image; everything comes from Debian, checked against what apt's signed lists say.

# Prints the names of all packages needed, sorted.
resolve_packages() {
    local closure kernel
    closure=$(apt-cache depends --important --recurse $programs $build_programs 2>/dev/null \
        | grep -E '^[a-z0-9]' || true)
    kernel=$(apt-cache depends --important $kernel_metapackage 2>/dev/null \
        | sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)/\1/p' | head -n 1)
    if [ -z "$closure" ] || [ -z "$kernel" ]; then
        fail "apt knows no $kernel_metapackage: run 'apt-get update' first, or add Debian's 'main' to apt's sources"
    fi
    { printf '%s\n' $programs $build_programs "$kernel"; grep -E "$library_packages" <<<"$closure"; } | sort -u
}

# Refuses packages that apt would take from elsewhere than Debian. $1: lines as `apt-get download --print-uris`
# writes them.
require_debian_origin() {
    local origins uri rest base known
    origins=$(apt-get indextargets --format '$(ORIGIN)|$(REPO_URI)' 'Created-By: Packages' \
        | sed -n 's/^Debian|//p' | sort -u)
    while read -r uri rest; do
        uri=${uri//\'/} known=
        for base in $origins; do
            if [[ $uri == "$base"* ]]; then known=yes; fi
        done
        [ -n "$known" ] || fail "apt would take a package from outside Debian: $uri (see 'apt-cache policy')"
    done <<<"$1"
}

# Leaves $packages full: every .deb needed, and a list of them with the checksums that apt vouched for.
download_packages() {
    local names uris download=$work/download
    say "asking apt for packages"
    names=$(resolve_packages)
    uris=$(apt-get download --print-uris $names) \
        || fail "apt cannot find all packages: run 'apt-get update' and try again"
    require_debian_origin "$uris"
    mkdir "$download"
    if [ "$(id -u)" = 0 ]; then chown _apt "$download" 2>/dev/null || true; fi
    say "downloading $(wc -w <<<"$names") packages, $(awk '{ n += $3 } END { printf "%.0f", n / 1e6 }' <<<"$uris") MB"
    (cd "$download" && apt-get download -qq $names) \
        || fail "the download failed; packages already in $packages are kept"
    (cd "$download" && sha256sum ./*.deb) >"$work/list"
    while read -r _ name _ checksum; do
        case $checksum in
            SHA256:*) grep -q "^${checksum#SHA256:} " "$work/list" || fail "$name is not what apt announced" ;;
        esac
    done <<<"$uris"
    rm -f "$packages"/*.deb "$packages/list"
    mv "$download"/*.deb "$packages/"
    { echo "# $recipe"; cat "$work/list"; } >"$packages/list.new"
    mv "$packages/list.new" "$packages/list"
}

# True when the cache holds all packages of this recipe, undamaged.
cache_is_complete() {
    [ -s "$packages/list" ] && [ "$(head -n 1 "$packages/list")" = "# $recipe" ] || return 1
    (cd "$packages" && tail -n +2 list | sha256sum --check --status 2>/dev/null)
}

provide_packages() {
    packages=$cache/tiny-image
    recipe=$(printf '%s\n' "$programs" "$build_programs" "$kernel_metapackage" "$library_packages" \
        | sha256sum | cut -c 1-16)
    mkdir -p "$packages"
    exec 9>"$packages/lock"
    flock 9
    if [ -z "$refresh" ] && cache_is_complete; then
        say "packages: all in $packages"
    else
        download_packages
    fi
}

# Unpacks one package; bin, sbin, lib and lib64 are links into usr/, as on an installed Debian.
unpack() {
    local deb=$1
    shift
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$stage" --keep-directory-symlink --no-same-owner \
        --wildcards --no-anchored --exclude='usr/share/*' "$@"
}

fill_stage() {
    local deb name
    say "unpacking"
    stage=$work/stage
    mkdir -p "$stage"/usr/{bin,sbin,lib,lib64}
    for name in bin sbin lib lib64; do ln -s usr/$name "$stage/$name"; done
    for deb in "$packages"/*.deb; do
        case ${deb##*/} in
            linux-image-*) unpack "$deb" 'boot/*' 'virtio*.ko*' 'kernel/drivers/*.ko*' 'kernel/net/core/failover.ko*' \
                'modules.builtin' 'modules.order' ;;
            *) unpack "$deb" ;;
        esac
    done
    kernel_version=$(cd "$stage/usr/lib/modules" && echo *)
    [ -f "$stage/boot/vmlinuz-$kernel_version" ] || fail "the kernel package has no /boot/vmlinuz-$kernel_version"
    busybox=$stage/usr/bin/busybox
}

library_path() {
    printf '%s' "$stage/usr/lib/x86_64-linux-gnu:$stage/usr/lib:$stage/usr/libexec/sudo"
}

# Runs a program of the packages with the packages' own libraries: nothing of the host's is used.
run_packaged() {
    local program=$1
    shift
    "$stage/usr/lib64/ld-linux-x86-64.so.2" --library-path "$(library_path)" "$stage/$program" "$@"
}
