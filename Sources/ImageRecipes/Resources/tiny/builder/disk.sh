# Disk of the tiny image: an ext4 file system filled from a folder, without mounting anything.
# Sourced by build-tiny-image.

# Prints debugfs commands that give every file to root, ec2-user's home to ec2-user, and all the same time of change:
# so the bytes depend neither on who builds nor on when.
attribute_commands() {
    local path owner
    (cd "$root" && find . -mindepth 1 -printf '%P\n' | sort) | while read -r path; do
        owner=0
        case $path in home/ec2-user | home/ec2-user/*) owner=1000 ;; esac
        printf "set_inode_field \"/$path\" %s\n" "uid $owner" "gid $owner" "ctime @$epoch"
    done
    printf "set_inode_field %s ctime @$epoch\n" / /lost+found
}

# Few inodes keep the growing of large roots quick; 1 GiB still has room for 65,536 files. Same packages, same bytes.
make_disk() {
    local disk=$result/disk.raw seed
    say "writing the disk"
    seed=$(sha256sum <"$packages/list" | sed -E 's/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/\1-\2-\3-\4-\5/')
    find "$root" -exec touch -h -d "@$epoch" {} +
    truncate -s "${size_mib}M" "$disk"
    E2FSPROGS_FAKE_TIME=$epoch MKE2FS_CONFIG=$stage/etc/mke2fs.conf run_packaged usr/sbin/mke2fs -q -F -t ext4 -b 4096 \
        -i 16384 -m 1 -J size=4 -L rootfs -U "$seed" -E "hash_seed=$seed,root_owner=0:0" -d "$root" "$disk" \
        || fail "the root file system does not fit into $size_mib MiB, or could not be written"
    attribute_commands >"$work/attributes"
    E2FSPROGS_FAKE_TIME=$epoch run_packaged usr/sbin/debugfs -w -f "$work/attributes" "$disk" >/dev/null 2>"$work/log" \
        || fail "the owners of the files could not be set: $(tail -n 1 "$work/log")"
}
