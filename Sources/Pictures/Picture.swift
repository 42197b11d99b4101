// A picture in memory, and the simplest of all files of one.

/// Rows from the top, points from the left, each as red, green and blue.
package struct Picture: Sendable, Equatable {
    package let width: Int
    package let height: Int
    package var bytes: [UInt8]

    /// All black.
    package init(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        bytes = [UInt8](repeating: 0, count: width * height * 3)
    }

    /// Reads a binary portable pixmap (`P6`) of 255 shades.
    ///
    /// - Returns: nil for anything else, or for one of more than 16 million points.
    package init?(pixmap file: [UInt8]) {
        var place = 0
        func word() -> String {
            while place < file.count, Picture.isSpace(file[place]) { place += 1 }
            let start = place
            while place < file.count, !Picture.isSpace(file[place]) { place += 1 }
            return String(decoding: file[start..<place], as: UTF8.self)
        }
        guard word() == "P6", let width = Int(word()), let height = Int(word()), word() == "255", width > 0,
            height > 0, width <= 1 << 13, height <= 1 << 11, file.count - place - 1 >= width * height * 3
        else { return nil }
        (self.width, self.height) = (width, height)
        bytes = Array(file[(place + 1)...].prefix(width * height * 3))
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
}
