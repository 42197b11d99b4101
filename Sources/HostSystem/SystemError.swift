// A system call that failed: which one, and the number the kernel gave.

import Glibc

package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    package let call: String
    package let number: Int32

    /// Takes the calling thread's `errno` unless a number is given.
    package init(_ call: String, number: Int32 = errno) { (self.call, self.number) = (call, number) }

    package var description: String { "\(call): \(String(cString: strerror(number)))" }
}
