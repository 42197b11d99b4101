# Root file system of the tiny image: chosen files of the packages with their libraries, busybox's links, our own files.
# Sourced by build-tiny-image.

# Copies a file of the packages and, if it is a program or library, what it is linked with.
install_file() {
    local file=$1 library
    [ -e "$stage/$file" ] || fail "no package contains $file"
    install -D -m "$(stat -c %a "$(readlink -f "$stage/$file")")" "$stage/$file" "$root/$file"
    case $file in etc/*) return ;; esac
    "$stage/usr/lib64/ld-linux-x86-64.so.2" --library-path "$(library_path)" --list "$stage/$file" >"$work/libraries" \
        || fail "the libraries of $file cannot be found in the packages"
    while read -r library; do
        [[ $library == "$stage"/* ]] || fail "$file needs $library, which no chosen package contains"
        library=${library#"$stage/"}
        library=${library/#lib\//usr/lib/}
        library=${library/#lib64\//usr/lib64/}
        [ -e "$root/$library" ] || install -D -m 0755 "$stage/$library" "$root/$library"
    done < <(sed -nE 's,.* => (/[^ ]*) \(0x.*,\1,p; s,^[[:space:]]*(/[^ ]*) \(0x.*,\1,p' "$work/libraries")
}

install_busybox() {
    local path
    install -m 0755 "$busybox" "$root/usr/bin/busybox"
    for path in $("$busybox" --list-full); do
        case $path in
            usr/*) ;;
            linuxrc) continue ;;
            *) path=usr/$path ;;
        esac
        [ -e "$root/$path" ] || [ -L "$root/$path" ] || ln -s ../bin/busybox "$root/$path"
    done
}

fill_root() {
    local name file link
    say "assembling the root file system"
    root=$work/root
    mkdir -p "$root"/{boot,dev,etc/dropbear,etc/sudoers.d,home,mnt,media,opt,proc,root,run,srv,sys,tmp} \
        "$root"/usr/{bin,sbin,lib,lib64,local/bin,local/sbin} "$root"/var/{lib/cloud,log,cache,spool,tmp,lib/sudo}
    for name in bin sbin lib lib64; do ln -s usr/$name "$root/$name"; done
    ln -s ../run "$root/var/run"
    for file in $files; do install_file "$file"; done
    for link in $links; do ln -s "${link#*:}" "$root/${link%%:*}"; done
    cp -R "$resources/rootfs/." "$root/"
    sed -e "s/@kernel@/$kernel_version/" "$resources/rootfs/etc/os-release" >"$root/etc/os-release"
    install_busybox
    install_modules "$root/usr/lib/modules/apus" "$late_modules" "$initrd_modules"
    set_modes
}

# The modes that matter, whatever those of our own files were when this script was installed.
set_modes() {
    mkdir -p "$root/home/ec2-user/.ssh"
    : >"$root/home/ec2-user/.ssh/authorized_keys"
    find "$root/etc" "$root/usr/lib/apus" "$root/usr/bin/imds" -type f -exec chmod 0644 {} +
    chmod 0755 "$root"/usr/lib/apus/* "$root/usr/bin/imds" "$root"/etc/acpi/*/*
    chmod 0600 "$root/etc/shadow" "$root/home/ec2-user/.ssh/authorized_keys"
    chmod 0440 "$root/etc/sudoers"
    chmod 0700 "$root/root" "$root/home/ec2-user" "$root/home/ec2-user/.ssh" "$root/var/lib/sudo" "$root/etc/dropbear"
    chmod 1777 "$root/tmp" "$root/var/tmp"
    chmod 4755 "$root/usr/bin/sudo"
}
