// What a terminal of 80 by 25 would show of a serial console's output, as a picture.

/// A screen of text that scrolls. Understands line ends, tabs, backspaces and the sequences that clear the screen or move
/// to its top; all other sequences are passed over.
package struct TextScreen: Sendable {
    private static let (columns, rows) = (80, 25)
    private var lines = [[UInt8](repeating: 32, count: columns)]
    private var column = 0
    private var sequence: Sequence = .none

    private enum Sequence {
        case none
        case escape
        /// What came since the bracket.
        case control([UInt8])
    }

    package init(_ output: [UInt8]) {
        for byte in output { take(byte) }
    }

    /// The last lines, as text.
    package var text: [String] {
        lines.map { line in
            let end = line.lastIndex { $0 != 32 }.map { $0 + 1 } ?? 0
            return String(decoding: line[..<end], as: UTF8.self)
        }
    }

    private mutating func take(_ byte: UInt8) {
        switch sequence {
        case .none: show(byte)
        case .escape: sequence = byte == UInt8(ascii: "[") ? .control([]) : .none
        case .control(let before):
            guard (64...126).contains(byte) || before.count > 16 else { return sequence = .control(before + [byte]) }
            sequence = .none
            let erases = byte == UInt8(ascii: "J") && before != [UInt8(ascii: "1")] && !before.isEmpty
            if erases || byte == UInt8(ascii: "H") && before.isEmpty { clear() }
        }
    }

    private mutating func show(_ byte: UInt8) {
        switch byte {
        case 27: sequence = .escape
        case UInt8(ascii: "\n"): feed()
        case UInt8(ascii: "\r"): column = 0
        case 8: column = max(0, column - 1)
        case 9: column = min(TextScreen.columns - 1, (column / 8 + 1) * 8)
        case 12: clear()
        case 32..<127: put(byte)
        // The later bytes of a character of several have no place of their own.
        case 128..<192, 0..<32, 127: break
        default: put(UInt8(ascii: "?"))
        }
    }

    private mutating func put(_ byte: UInt8) {
        if column == TextScreen.columns {
            feed()
            column = 0
        }
        lines[lines.count - 1][column] = byte
        column += 1
    }

    private mutating func feed() {
        if lines.count == TextScreen.rows { lines.removeFirst() }
        lines.append([UInt8](repeating: 32, count: TextScreen.columns))
    }

    private mutating func clear() {
        lines = [[UInt8](repeating: 32, count: TextScreen.columns)]
        column = 0
    }

    /// Light grey on black, 640 by 400.
    package var picture: Picture {
        var picture = Picture(
            width: TextScreen.columns * ScreenFont.width, height: TextScreen.rows * ScreenFont.height)
        for (row, line) in lines.enumerated() {
            for (column, character) in line.enumerated() where character != 32 {
                draw(character, row: row, column: column, in: &picture)
            }
        }
        return picture
    }

    private func draw(_ character: UInt8, row: Int, column: Int, in picture: inout Picture) {
        for y in 0..<ScreenFont.height {
            let points = ScreenFont.row(y, of: character)
            for x in 0..<ScreenFont.width where points & (0x80 >> UInt8(x)) != 0 {
                let point = (row * ScreenFont.height + y) * picture.width + column * ScreenFont.width + x
                for shade in 0..<3 { picture.bytes[point * 3 + shade] = 170 }
            }
        }
    }
}
