// Cuts a stream of bytes into lines of bounded length.

/// Gathers bytes and gives them back line by line, without line ends and empty lines.
package struct LineBuffer: Sendable {
    package struct TooLong: Error, Equatable {}

    private let maximumLength: Int
    private var partial: [UInt8] = []

    package init(maximumLength: Int) { self.maximumLength = maximumLength }

    /// The lines that `bytes` complete.
    ///
    /// - Throws: `TooLong` for a line of more than the maximum; what came before it in the same call is lost.
    package mutating func append(_ bytes: some Sequence<UInt8>) throws(TooLong) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte == 0x0a {
                if partial.last == 0x0d { partial.removeLast() }
                if !partial.isEmpty { lines.append(partial) }
                partial.removeAll(keepingCapacity: partial.capacity <= 4096)
            } else {
                guard partial.count < maximumLength else { throw TooLong() }
                partial.append(byte)
            }
        }
        return lines
    }
}
