// Texts that match others by `*`, any text, and `?`, one character; a backslash takes the next character literally.

/// One value of a filter, or one pattern of names, taken apart. Matches whole texts, case-sensitively.
package struct FilterPattern: Sendable, Equatable {
    private enum Piece: Equatable { case byte(UInt8), anyCharacter, anyText }
    private let literal: String?
    private let pieces: [Piece]

    package init(_ text: String) {
        guard text.utf8.contains(where: { $0 == 42 || $0 == 63 || $0 == 92 }) else {
            (literal, pieces) = (text, [])
            return
        }
        var pieces: [Piece] = []
        var escaped = false
        for byte in text.utf8 {
            switch byte {
            case _ where escaped:
                pieces.append(.byte(byte))
                escaped = false
            case 92: escaped = true
            case 42: pieces.append(.anyText)
            case 63: pieces.append(.anyCharacter)
            default: pieces.append(.byte(byte))
            }
        }
        if escaped { pieces.append(.byte(92)) }
        (literal, self.pieces) = (nil, pieces)
    }

    package func matches(_ value: String) -> Bool {
        if let literal { return literal == value }
        return glob(Array(value.utf8))
    }

    /// Greedy with one point of return, so that no pattern takes more than length × length steps.
    private func glob(_ text: [UInt8]) -> Bool {
        var (at, piece) = (0, 0)
        var star: (piece: Int, at: Int)?
        while at < text.count {
            if piece < pieces.count, pieces[piece] == .anyText {
                star = (piece, at)
                piece += 1
            } else if piece < pieces.count, let next = step(pieces[piece], text, at) {
                (at, piece) = (next, piece + 1)
            } else if let last = star {
                let next = FilterPattern.end(ofCharacterAt: last.at, text)
                (star, at, piece) = ((last.piece, next), next, last.piece + 1)
            } else {
                return false
            }
        }
        return pieces[piece...].allSatisfy { $0 == .anyText }
    }

    private func step(_ piece: Piece, _ text: [UInt8], _ at: Int) -> Int? {
        switch piece {
        case .byte(let byte): text[at] == byte ? at + 1 : nil
        case .anyCharacter: FilterPattern.end(ofCharacterAt: at, text)
        case .anyText: nil
        }
    }

    private static func end(ofCharacterAt at: Int, _ text: [UInt8]) -> Int {
        var next = at + 1
        while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}
