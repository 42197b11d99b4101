# What turns a tree of installed packages into a machine image: our few settings, and nothing of the machine that built
# it. Sourced by build-debian-image.

settle_tree() {
    cp -R --no-preserve=ownership "$resources/rootfs/." "$tree/"
    find "$resources/rootfs" -type f -printf '%P\n' | (cd "$tree" && xargs chmod 0644)
    chroot "$tree" systemctl --quiet enable systemd-networkd.service
    # Snapshots of logical volumes, which an image without LVM has not; looking for them takes an emulated boot half a
    # minute.
    chroot "$tree" systemctl --quiet disable e2scrub_reap.service
    forget_this_machine
}

# Every instance gets its own: host keys, machine id, random seed, name, name servers, package sources.
forget_this_machine() {
    rm -f "$tree"/etc/ssh/ssh_host_*_key* "$tree/var/lib/dbus/machine-id" "$tree/var/lib/systemd/random-seed" \
        "$tree/etc/resolv.conf" "$tree"/var/log/{alternatives,dpkg,bootstrap}.log "$tree"/var/log/apt/* \
        "$tree"/var/cache/apt/*.bin "$tree"/root/.bash_history
    : >"$tree/etc/machine-id"
    : >"$tree/etc/apt/sources.list"
    ln -s ../run/systemd/resolve/stub-resolv.conf "$tree/etc/resolv.conf"
    find "$tree"/{tmp,run,var/tmp} -mindepth 1 -delete
}
