// A process made to be killed: makes, deletes and collects snapshots without end and prints what is durable.
// Usage: BlockCrashProbe DIRECTORY FIRST
// Prints "flushed N I", "made N" and "deleted N": draft or snapshot number N, index I. Index I of N holds block N + I.

import BlockStore
package import CloudTypes
import Glibc

package enum ProbeBlocks {
    package static let blockCount = 32

    /// Some compress, some do not.
    package static func block(_ number: Int) -> [UInt8] {
        var state = UInt64(number) &* 0x9e37_79b9_7f4a_7c15 | 1
        let isRandom = number % 5 == 0
        return [UInt8](unsafeUninitializedCapacity: Block.byteCount) { buffer, count in
            let target = UnsafeMutableRawBufferPointer(buffer)
            for place in stride(from: 0, to: Block.byteCount, by: 8) {
                if isRandom || place % 65536 == 0 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                }
                target.storeBytes(of: state, toByteOffset: place, as: UInt64.self)
            }
            count = Block.byteCount
        }
    }

    package static func id(_ number: Int) -> SnapshotID? {
        let digits = String(number, radix: 16)
        return SnapshotID("snap-" + String(repeating: "0", count: 17 - digits.count) + digits)
    }

    /// Which indexes a snapshot puts over what its parent, the one before, left.
    package static func indexes(_ number: Int) -> [Int] { (0..<8).map { (number * 5 + $0 * 3) % blockCount } }
}

@main
struct BlockCrashProbe {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let first = Int(arguments[2]) else { exit(64) }
        var options = BlockStore.Options()
        options.packBytes = 2 << 20
        let store = try BlockStore(directory: arguments[1], options: options)
        var number = first
        while true {
            try make(number, store)
            if let old = ProbeBlocks.id(number - 3), store.snapshots().contains(old) {
                try store.delete(old)
                tell("deleted \(number - 3)")
            }
            if number % 2 == 0 { try store.collect() }
            number += 1
        }
    }

    static func make(_ number: Int, _ store: BlockStore) throws {
        guard let id = ProbeBlocks.id(number), let before = ProbeBlocks.id(number - 1) else { exit(1) }
        // Killed between making it and telling so.
        if store.snapshots().contains(id) { return tell("made \(number)") }
        let parent = store.snapshots().contains(before) ? before : nil
        let draft =
            store.drafts().contains(id)
            ? try store.draft(id)
            : try store.begin(id, volumeBytes: ProbeBlocks.blockCount * Block.byteCount, parent: parent)
        for index in ProbeBlocks.indexes(number) {
            try draft.put(ProbeBlocks.block(number + index), at: index)
            try draft.flush()
            tell("flushed \(number) \(index)")
        }
        try draft.commit()
        tell("made \(number)")
    }

    static func tell(_ text: String) {
        let line = Array((text + "\n").utf8)
        guard write(1, line, line.count) == line.count else { exit(1) }
    }
}
