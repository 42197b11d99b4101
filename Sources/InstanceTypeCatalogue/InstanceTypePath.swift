// Reading values out of the catalogue's XML, which has neither attributes nor comments nor entities.

/// The way to an element of a type: `vCpuInfo/validCores/item`.
package struct InstanceTypePath: Sendable {
    private let elements: [[UInt8]]
    private let isInsideBase: Bool
    /// nil where no type has such an element.
    let column: Int?

    package init(_ text: String) {
        let names = text.split(separator: "/").map(String.init)
        elements = names.map { Array($0.utf8) }
        let columns = InstanceTypePath.columns
        let column = names.first.flatMap { columns[$0] } ?? columns[names.prefix(2).joined(separator: "/")]
        self.column = column
        isInsideBase = column.map { InstanceTypeTables.columns[$0].base.utf8CodeUnitCount > 0 } ?? false
    }

    /// The column of each member, by the member's path.
    private static let columns: [String: Int] = {
        var columns: [String: Int] = [:]
        for (number, column) in InstanceTypeTables.columns.enumerated() {
            for member in column.members.description.split(separator: " ") { columns[String(member)] = number }
        }
        return columns
    }()

    /// The texts of the elements at the path in one piece of the path's column.
    func values(in piece: UnsafeBufferPointer<UInt8>) -> [String] {
        var found: [String] = []
        // How many elements are open, and how many of those, from the outermost, lie on the path.
        var (depth, matched) = isInsideBase ? (1, 1) : (0, 0)
        var position = 0
        while position < piece.count {
            guard piece[position] == UInt8(ascii: "<") else {
                let end = InstanceTypePath.find(UInt8(ascii: "<"), in: piece, from: position)
                if matched == elements.count, depth == matched {
                    found.append(String(decoding: piece[position..<end], as: UTF8.self))
                }
                position = end
                continue
            }
            let end = InstanceTypePath.find(UInt8(ascii: ">"), in: piece, from: position)
            if piece[position + 1] == UInt8(ascii: "/") {
                if matched == depth { matched -= 1 }
                depth -= 1
            } else {
                if matched == depth, matched < elements.count,
                    piece[(position + 1)..<end].elementsEqual(elements[matched])
                {
                    matched += 1
                }
                depth += 1
            }
            position = end + 1
        }
        return found
    }

    private static func find(_ byte: UInt8, in piece: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var position = start
        while position < piece.count, piece[position] != byte { position += 1 }
        return position
    }
}
