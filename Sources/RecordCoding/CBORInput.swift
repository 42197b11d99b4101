// The bytes being read, and a tape of the items in them: one pass checks all heads, lengths and nesting, and notes for
// each item where it is and where the next one begins, so that nothing has to be skipped byte by byte later.

import Glibc

/// One encoded value, checked to be well formed. Never changes, so what the pass found safe to read stays so.
final class CBORInput {
    /// One data item; the items inside an array or map follow it on the tape.
    struct Item {
        /// Where the head is in the bytes.
        let offset: UInt32
        /// The item on the tape after this one and all within it.
        var next: UInt32
    }

    /// A head taken apart. `argument` is the number, length, entry count or the bits of a floating-point number.
    struct Head {
        let type: MajorType
        /// The low five bits.
        let detail: UInt8
        let argument: UInt64
        /// Where the contents begin.
        let end: Int
    }

    /// Copies of its own, since an array's elements may only be looked at within a call.
    private let bytes: UnsafeBufferPointer<UInt8>
    private let items: UnsafeBufferPointer<Item>

    /// - Throws: `DecodingError.dataCorrupted` for anything but exactly one item of the kinds that records use.
    init(_ bytes: [UInt8]) throws {
        items = CBORInput.copy(try CBORInput.tape(of: bytes))
        self.bytes = CBORInput.copy(bytes)
    }

    deinit {
        bytes.deallocate()
        items.deallocate()
    }

    private static func copy<Element>(_ elements: [Element]) -> UnsafeBufferPointer<Element> {
        let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = copy.initialize(fromContentsOf: elements)
        return UnsafeBufferPointer(copy)
    }

    /// The first byte of an item.
    func initialByte(of item: Int) -> UInt8 { bytes[Int(items[item].offset)] }

    /// The head of an item on the tape.
    func head(of item: Int) -> Head {
        // The tape has only offsets at which a head was read before.
        CBORInput.head(at: Int(items[item].offset), in: bytes)
            ?? Head(type: .simple, detail: 22, argument: 0, end: bytes.count)
    }

    func next(after item: Int) -> Int { Int(items[item].next) }

    /// The contents of a byte or text string, valid as long as this object.
    func contents(of head: Head) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[head.end..<head.end + Int(head.argument)])
    }

    /// Whether an item is this text.
    func isText(_ item: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count < 24 else { return isLongText(item, text) }
        // The head of a short text is one byte, and the pass has found that the text follows it.
        let offset = Int(items[item].offset)
        guard bytes[offset] == MajorType.text.rawValue << 5 | UInt8(text.count) else { return false }
        guard let wanted = text.baseAddress, let start = bytes.baseAddress else { return true }
        return memcmp(start + offset + 1, wanted, text.count) == 0
    }

    private func isLongText(_ item: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let head = head(of: item)
        guard head.type == .text, head.argument == UInt64(text.count) else { return false }
        return contents(of: head).elementsEqual(text)
    }

    /// Bytes as text; nil if they are not UTF-8.
    static func validText(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        // Nearly all text is ASCII, for which this is several times quicker than validating.
        var mixed: UInt8 = 0
        for byte in bytes { mixed |= byte }
        return mixed < 0x80 ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
    }

    /// The text of a text string; nil if it is none or not UTF-8.
    func text(of item: Int) -> String? {
        let head = head(of: item)
        guard head.type == .text else { return nil }
        return CBORInput.validText(contents(of: head))
    }
}

// MARK: - The pass over the bytes

extension CBORInput {
    /// An array or map whose items are being read.
    private struct Pending {
        let item: Int
        var itemsLeft: UInt64
    }

    private static func tape(of bytes: [UInt8]) throws -> [Item] {
        guard bytes.count < Int(Int32.max) else { throw corrupted("longer than 2 GiB", at: 0) }
        var items: [Item] = []
        items.reserveCapacity(bytes.count / 4 + 8)
        var pending: [Pending] = []
        pending.reserveCapacity(8)
        var offset = 0
        try bytes.withUnsafeBufferPointer { bytes in
            repeat {
                guard let head = head(at: offset, in: bytes) else { throw corrupted("no valid head", at: offset) }
                let children = try childCount(of: head, in: bytes)
                items.append(Item(offset: UInt32(offset), next: UInt32(items.count + 1)))
                offset = head.end
                switch head.type {
                case .bytes, .text: offset += Int(head.argument)
                case .unsigned, .negative, .array, .map, .tag, .simple: break
                }
                if children > 0 {
                    guard pending.count < maximumDepth else { throw corrupted("nested too deep", at: offset) }
                    pending.append(Pending(item: items.count - 1, itemsLeft: children))
                } else {
                    finishItem(&pending, &items)
                }
            } while !pending.isEmpty
        }
        guard offset == bytes.count else { throw corrupted("bytes after the value", at: offset) }
        return items
    }

    /// Counts an item that is complete, and so completes what it was the last of.
    private static func finishItem(_ pending: inout [Pending], _ items: inout [Item]) {
        while let last = pending.indices.last {
            pending[last].itemsLeft -= 1
            guard pending[last].itemsLeft == 0 else { return }
            items[pending[last].item].next = UInt32(items.count)
            pending.removeLast()
        }
    }

    /// How many items an array or map holds; 0 for everything else. Checks that the bytes could hold the contents.
    private static func childCount(of head: Head, in bytes: UnsafeBufferPointer<UInt8>) throws -> UInt64 {
        let rest = UInt64(bytes.count - head.end)
        switch head.type {
        case .unsigned, .negative, .simple:
            return 0
        case .bytes, .text:
            if head.argument <= rest { return 0 }
        case .array:
            if head.argument <= rest { return head.argument }
        case .map:
            if head.argument <= rest / 2 { return head.argument * 2 }
        case .tag:
            throw corrupted("a tag", at: head.end)
        }
        throw corrupted("a length beyond the end", at: head.end)
    }

    /// Takes the head at `offset` apart; nil if there is none, or one that records do not use.
    private static func head(at offset: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Head? {
        guard offset < bytes.count, let type = MajorType(rawValue: bytes[offset] >> 5) else { return nil }
        let detail = bytes[offset] & 31
        let length: Int
        switch detail {
        case 0..<24: return shortHead(type, detail, end: offset + 1)
        case 24: length = 1
        case 25: length = 2
        case 26: length = 4
        case 27: length = 8
        default: return nil
        }
        let end = offset + 1 + length
        guard end <= bytes.count, type != .simple || detail != 24 else { return nil }
        var argument: UInt64 = 0
        for index in offset + 1..<end { argument = argument << 8 | UInt64(bytes[index]) }
        return Head(type: type, detail: detail, argument: argument, end: end)
    }

    private static func shortHead(_ type: MajorType, _ detail: UInt8, end: Int) -> Head? {
        guard type != .simple || (20...22).contains(detail) else { return nil }
        return Head(type: type, detail: detail, argument: UInt64(detail), end: end)
    }

    private static func corrupted(_ reason: String, at offset: Int) -> DecodingError {
        .dataCorrupted(DecodingError.Context(codingPath: [], debugDescription: "CBOR: \(reason), byte \(offset)"))
    }
}

// MARK: - Where an item is, for error messages

extension CBORInput {
    /// The keys and indices that lead from the outermost value to an item.
    func path(to item: Int) -> [any CodingKey] {
        var path: [any CodingKey] = []
        var current = 0
        while current < item {
            let isMap = head(of: current).type == .map
            guard let (key, child) = step(from: current, towards: item, isMap: isMap) else { break }
            path.append(key)
            current = child
        }
        return path
    }

    private func step(from parent: Int, towards item: Int, isMap: Bool) -> (any CodingKey, Int)? {
        let end = next(after: parent)
        var child = parent + 1
        var index = 0
        while child < end {
            let value = isMap ? next(after: child) : child
            guard value < end else { return nil }
            if item < next(after: value) {
                let key = isMap ? PathKey(stringValue: text(of: child) ?? "?") : PathKey(intValue: index)
                return item < value ? nil : (key, value)
            }
            child = next(after: value)
            index += 1
        }
        return nil
    }
}

/// A step of a coding path.
struct PathKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = "\(intValue)"
        self.intValue = intValue
    }
}
