# What starts the tiny image: kernel in two forms, drivers in loading order, initrd.
# Sourced by build-tiny-image.

# Prints the path of a driver's file, or fails; the kernel writes - and _ alike.
module_file() {
    local pattern=${1//[-_]/[-_]} found
    found=$(find "$stage/usr/lib/modules/$kernel_version" -name "$pattern.ko*" | head -n 1)
    [ -n "$found" ] && echo "$found"
}

# Adds $1 to the array `ordered`, after everything that it depends on, unless it is built in, there already or in $2.
order_module() {
    local name=${1//-/_} without=$2 file dependency
    if grep -qE "/${1//[-_]/[-_]}\.ko$" "$stage/usr/lib/modules/$kernel_version/modules.builtin"; then return; fi
    case " ${ordered[*]-} $without " in *" $name "*) return ;; esac
    file=$(module_file "$1") || fail "the kernel package has no driver $1"
    case $file in
        *.ko) ;;
        *.ko.xz) "$busybox" xzcat "$file" >"${file%.xz}"; rm "$file"; file=${file%.xz} ;;
        *) fail "driver ${file##*/} is compressed in a way that is not known here" ;;
    esac
    for dependency in $(tr '\0' '\n' <"$file" | sed -n 's/^depends=//p' | tr ',' ' '); do
        order_module "$dependency" "$without"
    done
    ordered+=("$name")
    ordered_files[$name]=$file
}

# Puts the drivers $2 and what they need into folder $1, with their loading order; $3: drivers that are loaded before.
install_modules() {
    local directory=$1 name without=
    local -a ordered=()
    local -A ordered_files=()
    for name in ${3-}; do order_module "$name" ""; done
    without=${ordered[*]-}
    ordered=()
    for name in $2; do order_module "$name" "$without"; done
    mkdir -p "$directory"
    : >"$directory/order"
    for name in ${ordered[@]+"${ordered[@]}"}; do
        install -m 0644 "${ordered_files[$name]}" "$directory/$name.ko"
        echo "$name.ko" >>"$directory/order"
    done
}

# The initrd is not compressed: unpacking would take the guest longer than reading.
make_initrd() {
    local tree=$work/initrd
    say "making the initrd"
    mkdir -p "$tree"/{bin,dev,proc,root,sys}
    install -m 0755 "$busybox" "$tree/bin/busybox"
    install -m 0755 "$resources/initrd/init" "$tree/init"
    install_modules "$tree/modules" "$initrd_modules"
    find "$tree" -exec touch -h -d "@$epoch" {} +
    (cd "$tree" && find . | sort | "$busybox" cpio -o -H newc -R 0:0 --renumber-inodes --ignore-devno 2>/dev/null) \
        >"$result/initrd.img"
}

# Prints the little-endian number of $3 bytes at offset $2 of file $1.
number_at() { od -An -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '; }

# Unpacks the kernel proper out of a bzImage. The boot protocol's header tells where it lies: setup_sects at 0x1f1,
# payload_offset at 0x248, payload_length at 0x24c; the payload's last 4 bytes are its unpacked size.
extract_vmlinux() {
    local image=$1 target=$2 start length magic
    [ "$(number_at "$image" $((0x202)) 2)" -ge $((0x208)) ] || fail "$image has too old a boot protocol"
    start=$((($(number_at "$image" $((0x1f1)) 1) + 1) * 512 + $(number_at "$image" $((0x248)) 4)))
    length=$(($(number_at "$image" $((0x24c)) 4) - 4))
    tail -c +$((start + 1)) "$image" | head -c "$length" >"$work/payload" || true
    magic=$(od -An -tx1 -N 4 "$work/payload" | tr -d ' ')
    case $magic in
        02214c18) run_packaged usr/bin/lz4 -dcfq "$work/payload" >"$target" ;;
        1f8b*) gzip -dcq <"$work/payload" >"$target" ;;
        fd377a58) "$busybox" xzcat "$work/payload" >"$target" ;;
        *) fail "the kernel is compressed in a way that is not known here (magic $magic)" ;;
    esac
    [ "$(head -c 4 "$target" | od -An -tx1 | tr -d ' ')" = 7f454c46 ] || fail "the unpacked kernel is no ELF file"
}

make_kernel() {
    say "unpacking the kernel"
    install -m 0644 "$stage/boot/vmlinuz-$kernel_version" "$result/bzImage"
    extract_vmlinux "$result/bzImage" "$result/vmlinux"
}
