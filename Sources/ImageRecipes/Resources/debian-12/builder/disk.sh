# The disk of the Debian image: a partition table, GRUB where BIOS finds it, and an ext4 file system filled from a folder,
# without a loop device and without mounting. Sourced by build-debian-image.

# In sectors of 512 bytes: GRUB's own partition, then the root file system up to the second table at the end.
boot_start=2048 root_start=4096

make_disk() {
    local disk=$result/disk.raw sectors=$((size_mib * 2048 - root_start - 2048)) root_uuid
    root_uuid=$(cat /proc/sys/kernel/random/uuid)
    truncate -s "${size_mib}M" "$disk"
    write_partitions "$disk" "$sectors"
    install_boot_files "$root_uuid"
    embed_boot_loader "$disk"
    # A table of features that GRUB and e2fsck of the image know, whatever this host's mke2fs would take. The file is
    # new, so that nothing has to be zeroed, now or later by the guest.
    mke2fs -q -F -t ext4 -b 4096 -L root -U "$root_uuid" -O '^metadata_csum_seed,^orphan_file' \
        -E "offset=$((root_start * 512)),root_owner=0:0,nodiscard,assume_storage_prezeroed=1" \
        -d "$tree" "$disk" "$((sectors / 2))k" >"$work/mke2fs.log" 2>&1 \
        || { tail -n 5 "$work/mke2fs.log" >&2; fail "the root file system could not be written into $size_mib MiB"; }
}

# Numbered as Debian's own cloud images: the root first, so that it is the last on the disk and can grow.
write_partitions() {
    sfdisk -q --no-reread --no-tell-kernel "$1" >"$work/sfdisk.log" 2>&1 <<END || fail "$(tail -n 1 "$work/sfdisk.log")"
label: gpt
unit: sectors
14 : start=$boot_start, size=$((root_start - boot_start)), type=21686148-6449-6E6F-744E-656564454649
1 : start=$root_start, size=$2, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=root
END
}

# GRUB's modules and its first menu, in the form that update-grub writes; it does so in the guest when a kernel comes.
install_boot_files() {
    local version kernel_arguments
    version=$(basename "$tree"/boot/vmlinuz-*)
    version=${version#vmlinuz-}
    kernel_arguments=$(. "$tree/etc/default/grub" && echo "$GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT")
    mkdir -p "$tree/boot/grub/i386-pc"
    cp "$tree"/usr/lib/grub/i386-pc/*.{mod,lst} "$tree/boot/grub/i386-pc/"
    cat >"$tree/etc/fstab" <<END
UUID=$1 / ext4 rw,errors=remount-ro 0 1
END
    cat >"$tree/boot/grub/grub.cfg" <<END
# Until update-grub writes another.
set timeout=0
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
menuentry 'Debian GNU/Linux' {
    search --no-floppy --fs-uuid --set=root $1
    linux /boot/vmlinuz-$version root=UUID=$1 ro $kernel_arguments
    initrd /boot/initrd.img-$version
}
END
}

# The first sector loads the one at the start of GRUB's partition, which loads the rest: each holds the sector number of
# the next, at 0x5c and 0x1f4.
embed_boot_loader() {
    local disk=$1 core=$work/core.img
    chroot "$tree" grub-mkimage -O i386-pc -o /tmp/core.img -p '(,gpt1)/boot/grub' \
        biosdisk part_gpt part_msdos ext2 linux normal serial terminal configfile search search_fs_uuid test \
        || fail "the boot loader could not be made"
    mv "$tree/tmp/core.img" "$core"
    [ "$(stat -c %s "$core")" -le $(((root_start - boot_start) * 512)) ] || fail "the boot loader is too large"
    number $((boot_start + 1)) | dd of="$core" bs=1 seek=$((0x1f4)) conv=notrunc status=none
    dd if="$tree/usr/lib/grub/i386-pc/boot.img" of="$disk" bs=440 count=1 conv=notrunc status=none
    number $boot_start | dd of="$disk" bs=1 seek=$((0x5c)) conv=notrunc status=none
    dd if="$core" of="$disk" bs=512 seek=$boot_start conv=notrunc status=none
}

# Writes a number below 65,536 as 8 bytes, the lowest first.
number() {
    printf "$(printf '\\x%02x\\x%02x\\0\\0\\0\\0\\0\\0' $(($1 & 255)) $(($1 >> 8 & 255)))"
}
