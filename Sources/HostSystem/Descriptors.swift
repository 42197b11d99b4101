// File descriptors with one owner, closed when it lets go; pipes and input made of them.

import CHostSystem
import Glibc
import Synchronization

/// Owns one open descriptor; `close` may be called early and more than once.
package final class OwnedDescriptor: Sendable {
    private let value: Mutex<Int32>
    /// -1 once closed or released.
    package var number: Int32 { value.withLock { $0 } }

    /// - Throws: the error of `call`, when `number` is negative.
    package init(_ number: Int32, _ call: String) throws(SystemError) {
        guard number >= 0 else { throw SystemError(call) }
        value = Mutex(number)
    }

    package func close() {
        let number = release()
        if number >= 0 { _ = Glibc.close(number) }
    }

    /// Hands the descriptor to the caller, who closes it from now on.
    package func release() -> Int32 {
        value.withLock { value in
            defer { value = -1 }
            return value
        }
    }

    deinit { close() }
}

struct Pipe: Sendable {
    let reading: OwnedDescriptor
    let writing: OwnedDescriptor

    /// Close-on-exec, the reading end non-blocking.
    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard apus_pipe(&ends) == 0 else { throw SystemError("pipe") }
        reading = try OwnedDescriptor(ends[0], "pipe")
        writing = try OwnedDescriptor(ends[1], "pipe")
    }
}

/// What a child reads as its standard input: all of it is there before the child starts.
struct InputFile: Sendable {
    let file: OwnedDescriptor

    init(_ bytes: [UInt8]?) throws(SystemError) {
        guard let bytes else {
            file = try OwnedDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC), "open /dev/null")
            return
        }
        file = try OwnedDescriptor(apus_sealed_memory_file("apus-input", bytes, bytes.count), "memfd_create")
    }
}
