# The tree of the Debian image: its packages, installed as Debian's own installer would, or from the cache as they were
# installed before. Sourced by build-debian-image.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Prints apt sources for the suite, at the places where this host itself has Debian's packages from.
debian_sources() {
    local main security
    main=$(debian_place Debian)
    security=$(debian_place Debian-Security)
    [ -n "$main" ] || fail "apt knows no Debian packages: run 'apt-get update' first, or add Debian to apt's sources"
    echo "deb [signed-by=$keyring] $main $suite main"
    echo "deb [signed-by=$keyring] $main $suite-updates main"
    if [ -n "$security" ]; then
        echo "deb [signed-by=$keyring] $security $suite-security main"
    else
        say "warning: apt's sources have no Debian security archive: the image has no security updates"
    fi
}

debian_place() {
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' \
        | sed -n "s/^Debian|$1|//p" | head -n 1
}

# Installs the packages into $tree, in namespaces of its own: whatever their scripts start or mount ends with it.
bootstrap_tree() {
    local log=$work/bootstrap.log status=0
    debian_sources >"$work/sources.list"
    mkdir -p "$kept/archives"
    ARCHIVES=$kept/archives unshare --mount --propagation private --pid --fork --kill-child=KILL \
        mmdebstrap --mode=root --variant=minbase --architectures=amd64 --include="$(echo $packages)" \
        --skip=essential/unlink,cleanup/apt/cache,output/dev --dpkgopt=force-unsafe-io \
        --setup-hook='mkdir -p "$1/var/cache/apt/archives"' \
        --setup-hook='find "$ARCHIVES" -name "*.deb" -exec cp -t "$1/var/cache/apt/archives" {} +' \
        "$suite" "$tree" "$work/sources.list" >"$log" 2>&1 </dev/null &
    bootstrap=$!
    wait "$bootstrap" || status=$?
    bootstrap=
    keep_archives
    [ $status -eq 0 ] || { tail -n 20 "$log" >&2; fail "the packages could not be installed; see above"; }
    rm -f "$tree/etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$tree"/var/cache/apt/archives/*.deb
}

# What was downloaded is kept, also when the installation failed; versions that are no longer used are not.
keep_archives() {
    local from=$tree/var/cache/apt/archives
    [ -d "$from" ] || return 0
    find "$from" -maxdepth 1 -name '*.deb' -exec cp -u -t "$kept/archives" {} +
    chroot "$tree" dpkg-query -W -f '${Package}_${Version}_${Architecture}.deb\n' 2>/dev/null | sed 's/:/%3a/g' \
        | sort >"$work/used" || return 0
    [ $(wc -l <"$work/used") -gt 100 ] || return 0
    (cd "$kept/archives" && ls | sort | comm -23 - "$work/used" | xargs -r rm -f)
}

# True when the cache holds the tree of this recipe, undamaged.
cache_is_complete() {
    [ -s "$kept/list" ] && [ "$(head -n 1 "$kept/list")" = "# $recipe" ] || return 1
    (cd "$kept" && tail -n +2 list | sha256sum --check --status 2>/dev/null)
}

keep_tree() {
    tar -C "$tree" --numeric-owner --xattrs --xattrs-include='*' -cf - . | zstd -q -1 -T0 -f -o "$kept/tree.new"
    mv "$kept/tree.new" "$kept/tree.tar.zst"
    date -u +%Y%m%d >"$kept/date"
    { echo "# $recipe"; cd "$kept" && sha256sum tree.tar.zst date; } >"$kept/list.new"
    mv "$kept/list.new" "$kept/list"
}

unpack_tree() {
    mkdir -p "$tree"
    zstd -q -d -c "$kept/tree.tar.zst" | tar -C "$tree" --numeric-owner --xattrs --xattrs-include='*' -xpf -
}

provide_tree() {
    kept=$cache/debian-12
    recipe=$(printf '%s\n' "$suite" $packages "$(cat "$resources/builder/packages.sh")" | sha256sum | cut -c 1-16)
    mkdir -p "$kept"
    exec 9>"$kept/lock"
    flock 9
    if [ -z "$refresh" ] && cache_is_complete; then
        step "packages: those of $(cat "$kept/date"), all in $kept (--refresh takes newer ones)" unpack_tree
    else
        step "installing $(wc -w <<<"$packages") packages and what they need: a few minutes" bootstrap_tree
        step "keeping them in $kept" keep_tree
    fi
}
