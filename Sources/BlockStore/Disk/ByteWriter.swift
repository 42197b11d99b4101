// Numbers in the store's files: little-endian, unaligned.

struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// Zeros until there are `count` bytes.
    mutating func pad(to count: Int) {
        if bytes.count < count { bytes.append(contentsOf: repeatElement(0, count: count - bytes.count)) }
    }
}

/// Beyond the end everything is 0: who reads checks lengths or a checksum.
struct ByteReader {
    private let source: [UInt8]
    private(set) var place: Int

    init(_ source: [UInt8], from place: Int = 0) { (self.source, self.place) = (source, place) }

    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { place += count }
        guard place + count <= source.count else { return [UInt8](repeating: 0, count: count) }
        return Array(source[place..<place + count])
    }

    private mutating func number<Number: FixedWidthInteger>(_: Number.Type) -> Number {
        let width = MemoryLayout<Number>.size
        defer { place += width }
        guard place + width <= source.count else { return 0 }
        return source.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: Number.self)) }
    }

    mutating func number32() -> UInt32 { number(UInt32.self) }
    mutating func number64() -> UInt64 { number(UInt64.self) }
}
