// Figures as a person reads them.

/// So many bytes: `812 bytes`, `1.5 GiB`, `38 MiB`.
enum ByteText {
    private static let units = ["KiB", "MiB", "GiB", "TiB", "PiB"]

    static func of(_ bytes: Int) -> String {
        guard bytes >= 1_024 else { return Counted.text(bytes, "byte") }
        var (value, place) = (Double(bytes) / 1_024, 0)
        while value >= 999.5, place < units.count - 1 { (value, place) = (value / 1_024, place + 1) }
        let tenths = Int((value * 10).rounded())
        let isExact = tenths >= 100 || tenths % 10 == 0
        return (isExact ? "\(Int(value.rounded()))" : "\(tenths / 10).\(tenths % 10)") + " \(units[place])"
    }
}

/// `1 block`, `2 blocks`.
enum Counted {
    static func text(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
