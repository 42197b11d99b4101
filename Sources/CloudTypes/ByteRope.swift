// Bytes in pieces: a long answer is joined from parts that are kept elsewhere, without copying them.

/// A sequence of bytes made of shared pieces. Joining ropes costs the same however long they are.
package struct ByteRope: Sendable {
    /// Pieces that were joined together; shared as a whole.
    private struct Run: Sendable {
        let pieces: [[UInt8]]
        let count: Int
    }

    private var runs: [Run] = []
    /// Bytes of all pieces.
    package private(set) var count = 0

    package init() {}

    package init(_ bytes: [UInt8]) { self.init(joining: [bytes]) }

    package init(joining pieces: [[UInt8]]) {
        count = pieces.reduce(0) { $0 + $1.count }
        if count > 0 { runs = [Run(pieces: pieces, count: count)] }
    }

    package var isEmpty: Bool { count == 0 }

    package mutating func append(_ other: ByteRope) {
        runs += other.runs
        count += other.count
    }

    package mutating func append(_ bytes: [UInt8]) { append(ByteRope(bytes)) }

    /// All bytes in one array; a copy, unless there is one piece only.
    package var bytes: [UInt8] {
        if runs.count == 1, runs[0].pieces.count == 1 { return runs[0].pieces[0] }
        var joined: [UInt8] = []
        joined.reserveCapacity(count)
        for run in runs { for piece in run.pieces { joined += piece } }
        return joined
    }

    /// Reads a rope from its beginning to its end.
    package struct Cursor: Sendable {
        private let rope: ByteRope
        private var run = 0
        private var piece = 0
        private var offset = 0
        /// Bytes not taken yet.
        package private(set) var left: Int

        package init(_ rope: ByteRope) { (self.rope, left) = (rope, rope.count) }

        package var isAtEnd: Bool { left == 0 }

        /// Hands the next bytes to `body`, part by part: `most` of them, or all that are left.
        package mutating func take(_ most: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
            var wanted = min(most, left)
            left -= wanted
            while wanted > 0 {
                let (count, length) = rope.runs[run].pieces[piece].withUnsafeBytes { bytes in
                    let part = bytes[offset..<min(bytes.count, offset + wanted)]
                    body(UnsafeRawBufferPointer(rebasing: part))
                    return (part.count, bytes.count)
                }
                wanted -= count
                offset += count
                if offset == length { nextPiece() }
            }
        }

        private mutating func nextPiece() {
            offset = 0
            piece += 1
            guard piece == rope.runs[run].pieces.count else { return }
            piece = 0
            run += 1
        }
    }
}
