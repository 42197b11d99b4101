// A picture as a baseline JPEG file: one quantisation table and one pair of code tables for all three components, none of
// them with fewer samples than the picture has points.
// Follows: ITU-T T.81, with the tables of its annex K; JFIF 1.02.

extension Picture {
    /// The file's bytes.
    package var jpeg: [UInt8] {
        var writer = JPEGWriter(of: self)
        return writer.file()
    }
}

private struct JPEGWriter {
    private let picture: Picture
    private var bytes: [UInt8] = []
    private var bits: UInt32 = 0
    private var bitCount = 0

    init(of picture: Picture) { self.picture = picture }

    mutating func file() -> [UInt8] {
        bytes = [0xFF, 0xD8]
        segment(0xE0, Array("JFIF".utf8) + [0, 1, 2, 0, 0, 1, 0, 1, 0, 0])
        segment(0xDB, [0] + JPEGTables.zigZag.map { UInt8(JPEGTables.quantities[$0]) })
        let frame = [8] + pair(picture.height) + pair(picture.width) + [3]
        segment(0xC0, frame + (1...3).flatMap { [$0, 0x11, 0] })
        segment(0xC4, [0x00] + JPEGTables.dcLengths + JPEGTables.dcValues)
        segment(0xC4, [0x10] + JPEGTables.acLengths + JPEGTables.acValues)
        segment(0xDA, [3, 1, 0, 2, 0, 3, 0, 0, 63, 0])
        scan()
        // The last byte is filled with ones.
        put(0x7F, 7)
        bytes += [0xFF, 0xD9]
        return bytes
    }

    private func pair(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 255), UInt8(number & 255)] }

    private mutating func segment(_ marker: UInt8, _ content: [UInt8]) {
        bytes += [0xFF, marker] + pair(content.count + 2) + content
    }

    // MARK: blocks

    private mutating func scan() {
        var last = [0, 0, 0]
        var samples = [[Float]](repeating: [Float](repeating: 0, count: 64), count: 3)
        for top in stride(from: 0, to: picture.height, by: 8) {
            for left in stride(from: 0, to: picture.width, by: 8) {
                read(top, left, into: &samples)
                for component in 0..<3 { last[component] = write(samples[component], after: last[component]) }
            }
        }
    }

    /// Points beyond an edge are as the edge's.
    private func read(_ top: Int, _ left: Int, into samples: inout [[Float]]) {
        for place in 0..<64 {
            let (y, x) = (min(top + place / 8, picture.height - 1), min(left + place % 8, picture.width - 1))
            let point = (y * picture.width + x) * 3
            let (red, green, blue) = (
                Float(picture.bytes[point]), Float(picture.bytes[point + 1]), Float(picture.bytes[point + 2])
            )
            samples[0][place] = 0.299 * red + 0.587 * green + 0.114 * blue - 128
            samples[1][place] = -0.168_736 * red - 0.331_264 * green + 0.5 * blue
            samples[2][place] = 0.5 * red - 0.418_688 * green - 0.081_312 * blue
        }
    }

    /// - Returns: what the next block's first coefficient is told against.
    private mutating func write(_ samples: [Float], after last: Int) -> Int {
        let first = samples[0]
        // Most of a screen is of one colour.
        guard samples.contains(where: { $0 != first }) else {
            let coefficient = rounded(first * 8 / Float(JPEGTables.quantities[0]))
            number(coefficient - last, table: JPEGTables.dc, run: 0)
            code(JPEGTables.ac[0])
            return coefficient
        }
        let found = transformed(samples)
        let coefficients = JPEGTables.zigZag.map { rounded(found[$0] / Float(JPEGTables.quantities[$0])) }
        number(coefficients[0] - last, table: JPEGTables.dc, run: 0)
        var run = 0
        for coefficient in coefficients.dropFirst() {
            if coefficient == 0 {
                run += 1
                continue
            }
            while run > 15 {
                code(JPEGTables.ac[0xF0])
                run -= 16
            }
            number(coefficient, table: JPEGTables.ac, run: run)
            run = 0
        }
        if run > 0 { code(JPEGTables.ac[0]) }
        return coefficients[0]
    }

    private func rounded(_ number: Float) -> Int { Int(number.rounded()) }

    /// The cosine transform, first of the rows, then of the columns.
    private func transformed(_ samples: [Float]) -> [Float] {
        var rows = [Float](repeating: 0, count: 64)
        for y in 0..<8 {
            for u in 0..<8 {
                var sum: Float = 0
                for x in 0..<8 { sum += samples[y * 8 + x] * JPEGTables.cosines[u * 8 + x] }
                rows[y * 8 + u] = sum
            }
        }
        var found = [Float](repeating: 0, count: 64)
        for v in 0..<8 {
            for u in 0..<8 {
                var sum: Float = 0
                for y in 0..<8 { sum += rows[y * 8 + u] * JPEGTables.cosines[v * 8 + y] }
                found[v * 8 + u] = sum
            }
        }
        return found
    }

    // MARK: codes

    /// How many zeros come before it and how many bits it has, by its code; then its bits.
    private mutating func number(_ number: Int, table: [JPEGTables.Code], run: Int) {
        let length = Int.bitWidth - number.magnitude.leadingZeroBitCount
        code(table[run << 4 | length])
        guard length > 0 else { return }
        put(UInt32(truncatingIfNeeded: number < 0 ? number - 1 : number) & (1 << UInt32(length) - 1), length)
    }

    private mutating func code(_ code: JPEGTables.Code) { put(code.bits, code.length) }

    private mutating func put(_ value: UInt32, _ length: Int) {
        bits = bits << UInt32(length) | value
        bitCount += length
        while bitCount >= 8 {
            let byte = UInt8(bits >> UInt32(bitCount - 8) & 255)
            bytes.append(byte)
            // A marker never begins in the middle of the codes.
            if byte == 0xFF { bytes.append(0) }
            bitCount -= 8
        }
        bits &= 1 << UInt32(bitCount) - 1
    }
}
