import CloudTypes
import Testing

@Suite("A rope of bytes")
struct ByteRopeTests {
    private let pieces: [[UInt8]] = [[1, 2, 3], [], [4], Array(5...200)]

    private func rope() -> ByteRope {
        var rope = ByteRope(joining: pieces)
        rope.append(ByteRope())
        rope.append([201, 202])
        rope.append(ByteRope(joining: [[], [203]]))
        return rope
    }

    @Test("holds its pieces in their order")
    func order() {
        #expect(rope().bytes == Array(1...203))
        #expect(rope().count == 203 && !rope().isEmpty)
        #expect(ByteRope().isEmpty && ByteRope(joining: [[], []]).isEmpty && ByteRope([]).bytes == [])
    }

    @Test("is read to its end in whatever steps", arguments: [1, 2, 3, 7, 64, 1000])
    func steps(most: Int) {
        var cursor = ByteRope.Cursor(rope())
        var read: [UInt8] = []
        while !cursor.isAtEnd {
            let before = read.count
            cursor.take(most) { read += $0 }
            #expect(read.count == min(before + most, 203))
            #expect(cursor.left == 203 - read.count)
        }
        #expect(read == Array(1...203))
        cursor.take(most) { _ in Issue.record("there is nothing left") }
    }

    @Test("shares its pieces with whoever made them")
    func shares() {
        let kept = [UInt8](repeating: 7, count: 100)
        let address = kept.withUnsafeBytes { $0.baseAddress }
        var cursor = ByteRope.Cursor(ByteRope(joining: [kept, kept]))
        cursor.take(200) { #expect($0.baseAddress == address) }
    }
}
