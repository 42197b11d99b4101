// What opens an encrypted volume's file. It goes to QEMU in memory alone, and says nothing of itself when printed.

package struct VolumePassphrase: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// As QEMU takes it: 64 hexadecimal digits.
    package let digits: [UInt8]

    /// - Parameter secret: 32 random bytes.
    package init(secret: [UInt8]) {
        let letters = Array("0123456789abcdef".utf8)
        digits = secret.flatMap { [letters[Int($0 >> 4)], letters[Int($0 & 15)]] }
    }

    package var description: String { "a passphrase" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
