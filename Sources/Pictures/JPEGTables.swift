// The tables of JPEG's annex K, and what follows from them.

enum JPEGTables {
    struct Code: Sendable {
        var bits: UInt32 = 0
        var length = 0
    }

    /// Places of a block's coefficients, the coarsest first.
    static let zigZag: [Int] = (0..<64).sorted { left, right in
        func key(_ place: Int) -> (Int, Int) {
            let (y, x) = (place / 8, place % 8)
            return (y + x, (y + x) % 2 == 0 ? x : y)
        }
        return key(left) < key(right)
    }

    /// A quarter of the standard's steps, so that letters stay sharp.
    static let quantities: [Int] = [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29,
        51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121,
        120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
    ].map { max(1, $0 / 4) }

    /// Of each frequency at each point.
    static let cosines: [Float] = (0..<64).map { place in
        let (u, x) = (place / 8, place % 8)
        return u == 0 ? 0.353_553_39 : 0.5 * cosine((2 * x + 1) * u % 32)
    }

    /// Of a 16th of π times the number, which is 0 to 31: by the first quarter's.
    private static func cosine(_ sixteenths: Int) -> Float {
        let quarter: [Float] = [
            1, 0.980_785_28, 0.923_879_53, 0.831_469_61, 0.707_106_78, 0.555_570_23, 0.382_683_43, 0.195_090_32, 0,
        ]
        switch sixteenths {
        case 0...8: return quarter[sixteenths]
        case 9...16: return -quarter[16 - sixteenths]
        case 17...24: return -quarter[sixteenths - 16]
        default: return quarter[32 - sixteenths]
        }
    }

    /// How many codes there are of each length.
    static let dcLengths: [UInt8] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    static let dcValues: [UInt8] = Array(0...11)
    static let acLengths: [UInt8] = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125]
    static let acValues: [UInt8] = {
        var values: [UInt8] = [
            0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71,
            0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0, 0x24, 0x33, 0x62, 0x72,
            0x82,
        ]
        // All others, in their order.
        let all = (0...15).flatMap { run in (1...10).map { UInt8(run << 4 | $0) } }
        let short = Set(values)
        values += all.filter { !short.contains($0) }
        return values
    }()

    static let dc = codes(dcLengths, dcValues)
    static let ac = codes(acLengths, acValues)

    /// By value.
    private static func codes(_ lengths: [UInt8], _ values: [UInt8]) -> [Code] {
        var codes = [Code](repeating: Code(), count: 256)
        var (bits, place) = (UInt32(0), 0)
        for (length, count) in lengths.enumerated() {
            for _ in 0..<count {
                codes[Int(values[place])] = Code(bits: bits, length: length + 1)
                bits += 1
                place += 1
            }
            bits <<= 1
        }
        return codes
    }
}
