// An nftables ruleset as a value, and the one transaction that leads from one ruleset to another.
// Only what differs is touched, so that a new interface costs the same however many there are, and connections
// that the kernel tracks live on.

struct Ruleset: Equatable, Sendable {
    var tables: [Table]

    struct Table: Equatable, Sendable {
        /// Family and name: `inet apus`.
        var name: String
        var collections: [String: Collection] = [:]
        var chains: [String: Chain] = [:]
    }

    /// A named set, or a map when its elements have values.
    struct Collection: Equatable, Sendable {
        /// `set` or `map`.
        var kind: String
        /// `type ipv4_addr : verdict;`
        var type: String
        /// By key; the value is empty in a set.
        var elements: [String: String] = [:]

        static func set(_ type: String) -> Collection { Collection(kind: "set", type: "type \(type);") }
        static func map(_ type: String) -> Collection { Collection(kind: "map", type: "type \(type);") }
    }

    struct Chain: Equatable, Sendable {
        /// `type filter hook input priority 0; policy drop;`, or nil for a chain that is only jumped to.
        var hook: String?
        var rules: [String] = []
    }

    /// Everything that the tables hold, a line each, in no order.
    var facts: [String] { tables.flatMap(\.facts) }

    /// The script that makes the kernel's tables these, whatever they were; tracked connections live on.
    func replacement() -> String {
        tables.map { table in
            let empty = Table(name: table.name)
            let lines = ["add table \(table.name)", "delete table \(table.name)", "add table \(table.name)"]
            return (lines + table.changes(from: empty)).map { $0 + "\n" }.joined()
        }.joined()
    }

    /// The script that leads here from `old`, which has the same tables; empty when nothing differs.
    func changes(from old: Ruleset) -> String {
        let lines = zip(tables, old.tables).flatMap { new, old in new == old ? [] : new.changes(from: old) }
        return lines.map { $0 + "\n" }.joined()
    }
}

extension Ruleset.Table {
    /// What is added exists before rules name it, and what goes is no longer named when it goes.
    fileprivate func changes(from old: Self) -> [String] {
        var lines: [String] = []
        let newChains = chains.keys.filter { old.chains[$0] == nil }.sorted()
        let goneChains = old.chains.keys.filter { chains[$0] == nil }.sorted()
        let changedChains = chains.keys.filter { chains[$0]?.rules != (old.chains[$0]?.rules ?? []) }.sorted()
        for key in collections.keys.sorted() where old.collections[key] == nil {
            let new = collections[key]
            lines.append("add \(new?.kind ?? "set") \(name) \(key) { \(new?.type ?? "") }")
        }
        for key in newChains { lines.append("add chain \(name) \(key)" + hookText(of: key)) }
        for key in changedChains + goneChains where !(old.chains[key]?.rules ?? []).isEmpty {
            lines.append("flush chain \(name) \(key)")
        }
        for key in old.collections.keys.sorted() where collections[key] != nil {
            lines += removedElements(of: key, from: old)
        }
        for key in changedChains {
            lines += (chains[key]?.rules ?? []).map { "add rule \(name) \(key) \($0)" }
        }
        for key in collections.keys.sorted() { lines += addedElements(of: key, from: old) }
        for key in old.collections.keys.sorted() where collections[key] == nil {
            lines.append("delete \(old.collections[key]?.kind ?? "set") \(name) \(key)")
        }
        return lines + goneChains.map { "delete chain \(name) \($0)" }
    }

    private func hookText(of chain: String) -> String {
        chains[chain]?.hook.map { " { \($0) }" } ?? ""
    }

    private func removedElements(of key: String, from old: Self) -> [String] {
        let new = collections[key]?.elements ?? [:]
        let before = old.collections[key]?.elements ?? [:]
        // Quick where nothing was touched: both are the same storage.
        guard new != before else { return [] }
        let gone = before.filter { new[$0.key] != $0.value }.keys.sorted()
        guard !gone.isEmpty else { return [] }
        return ["delete element \(name) \(key) { \(gone.joined(separator: ", ")) }"]
    }

    private func addedElements(of key: String, from old: Self) -> [String] {
        let before = old.collections[key]?.elements ?? [:]
        guard collections[key]?.elements != before else { return [] }
        let added = (collections[key]?.elements ?? [:]).filter { before[$0.key] != $0.value }
        guard !added.isEmpty else { return [] }
        let texts = added.map { $0.value.isEmpty ? $0.key : "\($0.key) : \($0.value)" }.sorted()
        return ["add element \(name) \(key) { \(texts.joined(separator: ", ")) }"]
    }
}

extension Ruleset.Table {
    fileprivate var facts: [String] {
        let elements = collections.flatMap { key, collection in
            ["\(name) \(key) \(collection.kind) \(collection.type)"]
                + collection.elements.map { "\(name) \(key) \($0.key) : \($0.value)" }
        }
        return elements + chains.flatMap { facts(of: $0.key, $0.value) }
    }

    func facts(of key: String, _ chain: Ruleset.Chain) -> [String] {
        ["\(name) \(key) \(chain.hook ?? "")"]
            + chain.rules.enumerated().map { "\(name) \(key) \($0.offset) \($0.element)" }
    }
}
