// The disk of this host.

import CHostSystem
import Glibc
import HostSystem

package struct HostDisk: StoreDisk {
    package init() {}

    static func failure(_ call: String, number: Int32 = errno) -> BlockStoreError {
        number == ENOSPC || number == EDQUOT ? .full : .failed(call: call, errno: number)
    }

    private func check(_ status: Int32, _ call: String, _ path: String) throws(BlockStoreError) {
        guard status == 0 else { throw HostDisk.failure("\(call) \(path)") }
    }

    package func open(_ path: String, _ mode: OpenMode) throws(BlockStoreError) -> any StoreFile {
        let flags =
            switch mode {
            case .existing: O_RDWR
            case .fresh: O_RDWR | O_CREAT | O_TRUNC
            }
        do {
            return HostFile(try OwnedDescriptor(Glibc.open(path, flags | O_CLOEXEC, 0o600), "open"), path: path)
        } catch {
            throw HostDisk.failure("open \(path)", number: error.number)
        }
    }

    package func names(in folder: String) throws(BlockStoreError) -> [String] {
        guard let listing = opendir(folder) else { throw HostDisk.failure("opendir \(folder)") }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    package func makeFolder(_ path: String) throws(BlockStoreError) {
        if mkdir(path, 0o700) != 0 && errno != EEXIST { throw HostDisk.failure("mkdir \(path)") }
    }

    package func rename(_ path: String, to target: String) throws(BlockStoreError) {
        try check(Glibc.rename(path, target), "rename", path)
    }

    package func link(_ path: String, to target: String) throws(BlockStoreError) {
        try check(Glibc.link(path, target), "link", path)
    }

    package func remove(_ path: String) throws(BlockStoreError) {
        if unlink(path) != 0 && errno != ENOENT { throw HostDisk.failure("unlink \(path)") }
    }

    package func sync(folder: String) throws(BlockStoreError) {
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw HostDisk.failure("open \(folder)") }
        defer { close(descriptor) }
        try check(fsync(descriptor), "fsync", folder)
    }

    /// The lock belongs to the open file, so the kernel gives it up however the process ends.
    package func lock(_ path: String) throws(BlockStoreError) -> any Sendable {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw HostDisk.failure("open \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            var text = [UInt8](repeating: 0, count: 16)
            let length = pread(descriptor, &text, text.count, 0)
            close(descriptor)
            let digits = text.prefix(max(0, length)).filter { $0 >= 48 && $0 <= 57 }
            throw reason == EWOULDBLOCK
                ? .alreadyInUse(pid: Int32(String(decoding: digits, as: UTF8.self)))
                : HostDisk.failure("flock \(path)", number: reason)
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            let reason = errno
            close(descriptor)
            throw HostDisk.failure("write \(path)", number: reason)
        }
        return HeldLock(descriptor)
    }

    private final class HeldLock: Sendable {
        private let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }
    }
}

final class HostFile: StoreFile {
    private let owned: OwnedDescriptor
    private let descriptor: Int32
    private let path: String

    init(_ owned: OwnedDescriptor, path: String) { (self.owned, descriptor, self.path) = (owned, owned.number, path) }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(BlockStoreError) -> Int {
        var done = 0
        while done < buffer.count, let start = buffer.baseAddress {
            let count = pread(descriptor, start + done, buffer.count - done, offset + done)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw HostDisk.failure("pread \(path)") }
            if count == 0 { break }
            done += count
        }
        return done
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(BlockStoreError) {
        var done = 0
        while done < bytes.count, let start = bytes.baseAddress {
            let count = pwrite(descriptor, start + done, bytes.count - done, offset + done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw HostDisk.failure("pwrite \(path)", number: count == 0 ? EIO : errno) }
            done += count
        }
    }

    func truncate(to size: Int) throws(BlockStoreError) {
        guard ftruncate(descriptor, size) == 0 else { throw HostDisk.failure("ftruncate \(path)") }
    }

    func sync() throws(BlockStoreError) {
        guard fdatasync(descriptor) == 0 else { throw HostDisk.failure("fdatasync \(path)") }
    }

    func beginWriting(at offset: Int, count: Int) { apus_begin_writing(descriptor, Int64(offset), Int64(count)) }

    /// File systems that cannot do this keep the space until the file goes.
    func punch(at offset: Int, count: Int) throws(BlockStoreError) {
        guard apus_punch_hole(descriptor, Int64(offset), Int64(count)) != 0 else { return }
        if errno != EOPNOTSUPP { throw HostDisk.failure("fallocate \(path)") }
    }

    private func status() throws(BlockStoreError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw HostDisk.failure("fstat \(path)") }
        return status
    }

    func size() throws(BlockStoreError) -> Int { Int(try status().st_size) }
    func allocatedBytes() throws(BlockStoreError) -> Int { Int(try status().st_blocks) * 512 }

    func nextData(from offset: Int) throws(BlockStoreError) -> Int? {
        let place = apus_next_data(descriptor, Int64(offset))
        if place >= 0 { return Int(place) }
        guard errno == ENXIO else { throw HostDisk.failure("lseek \(path)") }
        return nil
    }
}
