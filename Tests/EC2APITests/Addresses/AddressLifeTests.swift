import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("An Elastic IP address")
struct AddressLifeTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func allocate() throws -> EC2.AllocateAddressResult {
        try cloud.perform(AllocateAddress.self, .init(domain: .vpc))
    }

    @Test("comes from the public pool and stays the account's")
    mutating func allocated() throws {
        let made = try allocate()
        let address = try #require(made.publicIP.flatMap { IPv4Address($0) })
        #expect(cloud.transaction.settings.publicPool.contains(address))
        #expect(made.domain == .vpc && made.networkBorderGroup == "us-east-1" && made.publicIPv4Pool == "amazon")
        let shown = try cloud.perform(DescribeAddresses.self, .init(allocationIDs: [made.allocationID ?? ""])).addresses
        #expect(shown.map(\.publicIP) == [made.publicIP])
        #expect(shown.first?.associationID == nil && shown.first?.instanceID == nil)
        cloud.become(TestCloud.stranger)
        #expect(try cloud.perform(DescribeAddresses.self, .init()).addresses.isEmpty)
    }

    @Test("may be a certain one of the pool, if nobody has it")
    mutating func certain() throws {
        #expect(try cloud.perform(AllocateAddress.self, .init(address: "198.18.7.7")).publicIP == "198.18.7.7")
        for address in ["198.18.7.7", "192.0.2.1", "198.18.0.0", "198.18.255.255", "x"] {
            #expect(cloud.refusal(of: AllocateAddress.self, .init(address: address)) == "InvalidParameterValue")
        }
    }

    @Test("is refused outside this cloud's one pool and group, and beyond the quota of five")
    mutating func refusals() throws {
        #expect(cloud.refusal(of: AllocateAddress.self, .init(domain: .standard)) == "UnsupportedOperation")
        #expect(cloud.refusal(of: AllocateAddress.self, .init(ipamPoolID: "x")) == "UnsupportedOperation")
        #expect(cloud.refusal(of: AllocateAddress.self, .init(customerOwnedIPv4Pool: "x")) == "UnsupportedOperation")
        #expect(cloud.refusal(of: AllocateAddress.self, .init(networkBorderGroup: "x")) == "InvalidParameterValue")
        #expect(
            cloud.refusal(of: AllocateAddress.self, .init(publicIPv4Pool: "x")) == "InvalidPublicIpv4PoolID.NotFound")
        for _ in 0..<5 { _ = try allocate() }
        #expect(cloud.refusal(of: AllocateAddress.self, .init()) == "AddressLimitExceeded")
    }

    @Test("is never the host's, and is refused when the pool is used up")
    mutating func pool() throws {
        var cloud = try TestCloud { settings in
            settings.publicPool = CIDRBlock(IPv4Address(0xC612_0000), prefix: 29)
            settings.reservedPublicAddresses = [IPv4Address(0xC612_0001), IPv4Address(0xC612_0002)]
        }
        let given = try (0..<4).map { _ in try cloud.perform(AllocateAddress.self, .init()).publicIP ?? "" }
        #expect(given.sorted() == ["198.18.0.3", "198.18.0.4", "198.18.0.5", "198.18.0.6"])
        #expect(cloud.refusal(of: AllocateAddress.self, .init()) == "InsufficientAddressCapacity")
    }

    @Test("is given back by its allocation alone, and not while it is associated")
    mutating func released() throws {
        let made = try allocate()
        let id = try #require(made.allocationID)
        #expect(cloud.refusal(of: ReleaseAddress.self, .init(publicIP: made.publicIP)) == "InvalidParameterValue")
        #expect(cloud.refusal(of: ReleaseAddress.self, .init()) == "MissingParameter")
        #expect(
            cloud.refusal(of: ReleaseAddress.self, .init(allocationID: id, networkBorderGroup: "x"))
                == "InvalidParameterValue")
        let guest = try cloud.guest()
        try cloud.perform(AssociateAddress.self, .init(allocationID: id, instanceID: guest.instance.description))
        #expect(cloud.refusal(of: ReleaseAddress.self, .init(allocationID: id)) == "InvalidIPAddress.InUse")
        try cloud.perform(DisassociateAddress.self, .init(publicIP: made.publicIP))
        try cloud.perform(ReleaseAddress.self, .init(allocationID: id))
        #expect(cloud.refusal(of: ReleaseAddress.self, .init(allocationID: id)) == "InvalidAllocationID.NotFound")
    }

    @Test("is found by address, allocation and each filter")
    mutating func filters() throws {
        let (made, _) = (try allocate(), try allocate())
        let (id, publicIP) = (try #require(made.allocationID), try #require(made.publicIP))
        let guest = try cloud.guest()
        let association =
            try cloud.perform(
                AssociateAddress.self, .init(allocationID: id, instanceID: guest.instance.description)
            ).associationID ?? ""
        let interface = try #require(cloud.state.networkInterfaces[guest.interface])
        func found(_ cloud: inout TestCloud, _ name: String, _ value: String) throws -> [String?] {
            let filter = EC2.Filter(name: name, values: [value])
            return try cloud.perform(DescribeAddresses.self, .init(filters: [filter])).addresses.map(\.publicIP)
        }
        let own = [
            ("allocation-id", id), ("association-id", association), ("instance-id", guest.instance.description),
            ("network-interface-id", guest.interface.description), ("network-interface-owner-id", "123456789012"),
            ("private-ip-address", interface.primaryAddress?.description ?? ""), ("public-ip", publicIP),
        ]
        for (name, value) in own { #expect(try found(&cloud, name, value) == [publicIP], "\(name)") }
        #expect(try found(&cloud, "domain", "vpc").count == 2)
        #expect(try found(&cloud, "network-border-group", "us-east-1").count == 2)
        #expect(try cloud.perform(DescribeAddresses.self, .init(publicIPs: [publicIP])).addresses.count == 1)
        #expect(cloud.refusal(of: DescribeAddresses.self, .init(publicIPs: ["1.2.3.4"])) == "InvalidAddress.NotFound")
        let names = try cloud.perform(DescribeAddressesAttribute.self, .init(allocationIDs: [id])).addresses
        #expect(names.map(\.publicIP) == [publicIP] && names.first?.ptrRecord == nil)
    }
}
