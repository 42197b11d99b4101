// The instance types there are: names in order, and the XML that DescribeInstanceTypes shows of each.
// The tables lie in the program's text and are read when they are first asked for; nothing is copied from them.

/// Every instance type, in the order of names.
package struct InstanceTypeCatalogue: Sendable {
    package static let shared = InstanceTypeCatalogue()

    /// Where each line of `InstanceTypeTables.pieces` begins, and one past the end.
    private let pieceStarts: [Int32]
    /// Where each line of `InstanceTypeTables.types` begins, and how long its name is.
    private let names: [(start: Int32, count: Int32)]
    /// The numbers of a type's pieces, one per column, type after type.
    private let pieceNumbers: [UInt16]

    private init() {
        pieceStarts = LineTable.starts(of: InstanceTypeTables.pieces, count: InstanceTypeTables.pieceCount)
        var names: [(start: Int32, count: Int32)] = []
        var numbers: [UInt16] = []
        names.reserveCapacity(InstanceTypeTables.typeCount)
        numbers.reserveCapacity(InstanceTypeTables.typeCount * InstanceTypeTables.columns.count)
        let starts = LineTable.starts(of: InstanceTypeTables.types, count: InstanceTypeTables.typeCount)
        for type in 0..<InstanceTypeTables.typeCount {
            let line = LineTable.line(type, of: InstanceTypeTables.types, starts)
            let name = line.prefix { $0 != UInt8(ascii: " ") }
            names.append((starts[type], Int32(name.count)))
            LineTable.appendNumbers(in: line.dropFirst(name.count), to: &numbers)
        }
        (self.names, pieceNumbers) = (names, numbers)
    }

    package var count: Int { names.count }

    package var all: [InstanceType] { (0..<count).map { InstanceType(index: $0) } }

    /// nil where there is no such type.
    package subscript(name: String) -> InstanceType? {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self.name(of: middle) < name { low = middle + 1 } else { high = middle }
        }
        return low < count && self.name(of: low) == name ? InstanceType(index: low) : nil
    }

    /// What deciding and launching need to know of a type; nil where there is no such type.
    package static func facts(of name: String) -> InstanceTypeFacts? { FactsCache.shared.facts(of: name) }

    func name(of index: Int) -> String { String(decoding: nameBytes(of: index), as: UTF8.self) }

    func nameBytes(of index: Int) -> UnsafeBufferPointer<UInt8> {
        let name = names[index]
        return UnsafeBufferPointer(
            start: InstanceTypeTables.types.utf8Start + Int(name.start), count: Int(name.count))
    }

    func piece(of index: Int, column: Int) -> UnsafeBufferPointer<UInt8> {
        let number = Int(pieceNumbers[index * InstanceTypeTables.columns.count + column])
        return LineTable.line(number, of: InstanceTypeTables.pieces, pieceStarts)
    }
}

/// One type of the catalogue: a name and the XML below it.
package struct InstanceType: Sendable, Hashable {
    let index: Int

    package var name: String { InstanceTypeCatalogue.shared.name(of: index) }

    /// Hands out the type's XML bit by bit, complete elements in the order of the API's model: `<instanceType>` first.
    package func forEachPiece(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        let catalogue = InstanceTypeCatalogue.shared
        let (open, close): (StaticString, StaticString) = ("<instanceType>", "</instanceType>")
        body(UnsafeBufferPointer(start: open.utf8Start, count: open.utf8CodeUnitCount))
        body(catalogue.nameBytes(of: index))
        body(UnsafeBufferPointer(start: close.utf8Start, count: close.utf8CodeUnitCount))
        for column in InstanceTypeTables.columns.indices { body(catalogue.piece(of: index, column: column)) }
    }

    /// The texts of every element at the path.
    package func values(at path: InstanceTypePath) -> [String] {
        guard let column = path.column else { return [] }
        return path.values(in: InstanceTypeCatalogue.shared.piece(of: index, column: column))
    }
}

/// Lines of a text that is part of the program.
private enum LineTable {
    /// Where each line begins, then one past the last line's newline. The text has no newline at its end.
    static func starts(of text: StaticString, count: Int) -> [Int32] {
        var starts: [Int32] = [0]
        starts.reserveCapacity(count + 1)
        let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        for (position, byte) in bytes.enumerated() where byte == 10 { starts.append(Int32(position + 1)) }
        starts.append(Int32(bytes.count + 1))
        return starts
    }

    static func line(_ number: Int, of text: StaticString, _ starts: [Int32]) -> UnsafeBufferPointer<UInt8> {
        let start = Int(starts[number])
        return UnsafeBufferPointer(start: text.utf8Start + start, count: Int(starts[number + 1]) - start - 1)
    }

    static func appendNumbers(in text: Slice<UnsafeBufferPointer<UInt8>>, to numbers: inout [UInt16]) {
        for byte in text {
            if byte == UInt8(ascii: " ") {
                numbers.append(0)
            } else {
                numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + UInt16(byte - 48)
            }
        }
    }
}
