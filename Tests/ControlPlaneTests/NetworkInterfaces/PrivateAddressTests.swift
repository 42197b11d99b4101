import CloudTypes
import ControlPlane
import Testing

@Suite("An interface's private address")
struct PrivateAddressTests {
    private var transaction: Transaction
    private let subnet: SubnetRecord

    init() throws {
        var transaction = try TestRecords.transaction { $0.quotas.networkInterfaces = 20 }
        let vpc = try transaction.createVPC(cidr: try #require(CIDRBlock("10.0.0.0/16")))
        subnet = try transaction.createSubnet(in: vpc, cidr: try #require(CIDRBlock("10.0.0.0/28")), zone: nil)
        self.transaction = transaction
    }

    private mutating func create(_ address: String? = nil) throws(EC2Error) -> IPv4Address? {
        let wanted = address.flatMap { IPv4Address($0) }
        return try transaction.createInterface(in: subnet, privateAddress: wanted, groups: []).primaryAddress
    }

    private mutating func refusal(_ address: String? = nil) -> String? {
        do throws(EC2Error) {
            _ = try create(address)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("is each of the subnet's usable ones until none is left")
    mutating func all() throws {
        let given = try (0..<11).map { _ in try #require(try create()) }
        #expect(given.sorted().map(\.description) == (4...14).map { "10.0.0.\($0)" })
        #expect(transaction.state.freeAddressCount(of: subnet) == 0)
        #expect(refusal() == "InsufficientFreeAddressesInSubnet")
    }

    @Test("may be named, once, within the subnet, and not one that is reserved")
    mutating func named() throws {
        #expect(try create("10.0.0.9") == IPv4Address("10.0.0.9"))
        #expect(refusal("10.0.0.9") == "InvalidIPAddress.InUse")
        for address in ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.15", "10.0.1.4"] {
            #expect(refusal(address) == "InvalidParameterValue", "\(address)")
        }
    }

    @Test("is free again when the interface is gone")
    mutating func again() throws {
        let interface = try transaction.createInterface(
            in: subnet, privateAddress: IPv4Address("10.0.0.9"), groups: [])
        transaction.deleteInterface(interface.id)
        #expect(try create("10.0.0.9") == IPv4Address("10.0.0.9"))
    }

    @Test("is given to no more interfaces than the quota allows")
    mutating func quota() throws {
        for _ in 0..<20 {
            _ = try transaction.createInterface(in: transaction.defaultSubnet, privateAddress: nil, groups: [])
        }
        #expect(refusal() == "NetworkInterfaceLimitExceeded")
    }
}

@Suite("An auto-assigned public address")
struct AutoPublicAddressTests {
    private var transaction: Transaction
    init() throws {
        transaction = try TestRecords.transaction {
            $0.publicPool = CIDRBlock(IPv4Address(0xC612_0000), prefix: 30)
        }
    }

    @Test("is given once, kept, and given back")
    mutating func life() throws {
        let id = try transaction.addGuest(in: transaction.defaultSubnet)
        func shown(_ transaction: Transaction) -> IPv4Address? {
            transaction.state.networkInterfaces[id].flatMap { transaction.state.publicAddress(of: $0) }
        }
        try transaction.assignPublicAddress(to: id)
        let first = try #require(shown(transaction))
        try transaction.assignPublicAddress(to: id)
        #expect(shown(transaction) == first)
        transaction.releasePublicAddress(of: id)
        #expect(shown(transaction) == nil)
        #expect(!transaction.state.networkInterfaces.contains(IndexKey(.publicAddress, first)))
    }

    @Test("is never one that somebody has, and runs out")
    mutating func distinct() throws {
        let guests = try (0..<3).map { _ in try transaction.addGuest(in: transaction.defaultSubnet) }
        try transaction.assignPublicAddress(to: guests[0])
        let elastic = try transaction.allocateElasticAddress().publicAddress
        let auto = try #require(transaction.state.networkInterfaces[guests[0]]?.addresses[0].autoPublicAddress)
        #expect(Set([auto, elastic]) == [IPv4Address(0xC612_0001), IPv4Address(0xC612_0002)])
        var refusal: EC2Error?
        do throws(EC2Error) { try transaction.assignPublicAddress(to: guests[1]) } catch { refusal = error }
        #expect(refusal?.code == "InsufficientAddressCapacity" && refusal?.httpStatus == 500)
    }
}
