// What `ip -j` prints, as far as we read it back.

import Backends
import CloudTypes
import FoundationEssentials

struct IPLink: Decodable {
    var ifname: String
    var addresses: [IPv4Address] { (addr_info ?? []).compactMap { IPv4Address($0.local ?? "") } }
    private var addr_info: [Info]?
    private struct Info: Decodable { var local: String? }

    static func list(_ bytes: [UInt8]) throws(NetworkFabricError) -> [IPLink] { try IPOutput.decode(bytes) }
}

struct IPRoute: Decodable {
    var dst: String
    var dev: String?
    var type: String?
    var table: String?
    var gateway: String?
    var prefsrc: String?
    var proto: String?
    private enum CodingKeys: String, CodingKey {
        case dst, dev, type, table, gateway, prefsrc
        case proto = "protocol"
    }

    /// The destination as a block; a lone address stands for itself.
    var block: CIDRBlock? {
        if dst == "default" { return .everything }
        return CIDRBlock(dst) ?? IPv4Address(dst).map { CIDRBlock($0, prefix: 32) }
    }

    static func list(_ bytes: [UInt8]) throws(NetworkFabricError) -> [IPRoute] { try IPOutput.decode(bytes) }
}

struct IPNeighbour: Decodable {
    var dst: String
    var dev: String
    var lladdr: String?
    static func list(_ bytes: [UInt8]) throws(NetworkFabricError) -> [IPNeighbour] { try IPOutput.decode(bytes) }
}

struct IPRule: Decodable {
    var priority: Int
    var fwmark: String?
    var table: String?
    static func list(_ bytes: [UInt8]) throws(NetworkFabricError) -> [IPRule] { try IPOutput.decode(bytes) }
}

enum IPOutput {
    /// `ip` prints nothing at all where some versions print an empty list, and empty objects for what a filter hid.
    static func decode<Value: Decodable>(_ bytes: [UInt8]) throws(NetworkFabricError) -> [Value] {
        guard bytes.contains(where: { $0 > 32 }) else { return [] }
        do {
            return try JSONDecoder().decode([Lenient<Value>].self, from: Data(bytes)).compactMap(\.value)
        } catch {
            throw .hostFailed("unreadable output of ip: \(error)")
        }
    }

    private struct Lenient<Value: Decodable>: Decodable {
        var value: Value?
        init(from decoder: any Decoder) throws { value = try? Value(from: decoder) }
    }
}
