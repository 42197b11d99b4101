// A fixed piece of memory that bytes are appended to without further checks.
// Whoever appends has made sure of the room; nothing outside the XML folder can.

import CloudTypes

struct XMLBuffer: ~Copyable {
    /// Bytes it holds: small enough for a processor's own cache, large enough that emptying it is rare.
    static let size = 32_768
    /// The longest decimal of 64 bits, with its sign.
    static let decimalWidth = 20
    /// `2026-11-23T08:15:00.000Z`
    static let timestampWidth = 24

    private let start: UnsafeMutablePointer<UInt8>
    private var next: UnsafeMutablePointer<UInt8>

    init() {
        start = .allocate(capacity: XMLBuffer.size)
        next = start
    }

    deinit { start.deallocate() }

    var room: Int { XMLBuffer.size - (next - start) }

    /// Valid until the next change.
    var content: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: next - start) }

    mutating func clear() { next = start }

    @inline(__always)
    mutating func put(_ byte: UInt8) {
        next.pointee = byte
        next += 1
    }

    @inline(__always)
    mutating func put(_ text: StaticString) { put(text.utf8Start, text.utf8CodeUnitCount) }

    @inline(__always)
    mutating func put(_ text: UnsafeBufferPointer<UInt8>) {
        if let source = text.baseAddress { put(source, text.count) }
    }

    /// Short texts are moved as two overlapping words, which a call of `memcpy` would outlast.
    @inline(__always)
    private mutating func put(_ source: UnsafePointer<UInt8>, _ count: Int) {
        switch count {
        case 8...16: move(source, count, as: UInt64.self)
        case 17...32: move(source, count, as: SIMD16<UInt8>.self)
        case 4...7: move(source, count, as: UInt32.self)
        default: next.update(from: source, count: count)
        }
        next += count
    }

    /// `count` is at least the word's size and at most twice that.
    @inline(__always)
    private func move<Word: BitwiseCopyable>(_ source: UnsafePointer<UInt8>, _ count: Int, as word: Word.Type) {
        let last = count - MemoryLayout<Word>.size
        let from = UnsafeRawPointer(source)
        let target = UnsafeMutableRawPointer(next)
        let head = from.loadUnaligned(as: word)
        let tail = from.loadUnaligned(fromByteOffset: last, as: word)
        target.storeBytes(of: head, as: word)
        target.storeBytes(of: tail, toByteOffset: last, as: word)
    }

    mutating func put(decimal value: Int) {
        var digits = 1
        var limit: UInt = 10
        let magnitude = value.magnitude
        while magnitude >= limit {
            digits += 1
            let (wider, isTooWide) = limit.multipliedReportingOverflow(by: 10)
            if isTooWide { break }
            limit = wider
        }
        if value < 0 { put(UInt8(ascii: "-")) }
        var rest = magnitude
        for position in stride(from: digits - 1, through: 0, by: -1) {
            next[position] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        }
        next += digits
    }

    /// ISO 8601 in UTC with milliseconds, as `Timestamp` describes itself.
    mutating func put(timestamp moment: Timestamp) {
        let civil = moment.civil
        put(civil.year, width: 4)
        put(UInt8(ascii: "-"))
        put(civil.month, width: 2)
        put(UInt8(ascii: "-"))
        put(civil.day, width: 2)
        put(UInt8(ascii: "T"))
        put(civil.hour, width: 2)
        put(UInt8(ascii: ":"))
        put(civil.minute, width: 2)
        put(UInt8(ascii: ":"))
        put(civil.second, width: 2)
        put(UInt8(ascii: "."))
        put(civil.millisecond, width: 3)
        put(UInt8(ascii: "Z"))
    }

    /// The last `width` digits, with leading zeros.
    private mutating func put(_ number: Int, width: Int) {
        var rest = number.magnitude
        for position in stride(from: width - 1, through: 0, by: -1) {
            next[position] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        }
        next += width
    }
}
