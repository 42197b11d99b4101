// Commits that can be told from their number, so that a store's contents tell exactly which of them it holds.

package import CloudStore

/// Commit n makes revision n; what the store must hold then follows from n alone.
package enum CrashWorkload {
    package static func writes(ofCommit number: Revision) -> [RecordWrite] {
        let size = Int(number * 37 % 5000)
        var writes = [
            put("counter", "n", withUnsafeBytes(of: number.littleEndian) { Array($0) }),
            put("item", "\(number % 50)", [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)),
        ]
        if number % 7 == 0 { writes.append(.delete(RecordKey(kind: "item", id: "\(number * 3 % 50)"))) }
        return writes
    }

    private static func put(_ kind: String, _ id: String, _ data: [UInt8]) -> RecordWrite {
        .put(RecordKey(kind: kind, id: id), account: "111122223333", formatVersion: 1, data: data)
    }

    /// The data that a store holds after the first `count` commits.
    package static func contents(after count: Revision) -> [RecordKey: [UInt8]] {
        var contents: [RecordKey: [UInt8]] = [:]
        for number in 0..<count {
            for write in writes(ofCommit: number + 1) {
                switch write {
                case .put(let key, account: _, formatVersion: _, let data): contents[key] = data
                case .delete(let key): contents[key] = nil
                }
            }
        }
        return contents
    }
}
