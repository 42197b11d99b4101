import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("A network interface")
struct NetworkInterfaceTests {
    private var cloud: TestCloud
    private let guest: TestGuest
    private var id: String { guest.interface.description }

    init() throws {
        var cloud = try TestCloud()
        guest = try cloud.guest(wantsPublicAddress: true)
        _ = try cloud.transaction.createInterface(
            in: cloud.defaultSubnet, privateAddress: nil, groups: [], description: "spare")
        self.cloud = cloud
    }

    private var record: NetworkInterfaceRecord {
        get throws { try #require(cloud.state.networkInterfaces[guest.interface]) }
    }

    private mutating func shown() throws -> EC2.NetworkInterface {
        let input = EC2.DescribeNetworkInterfacesRequest(networkInterfaceIDs: [id])
        return try #require(try cloud.perform(DescribeNetworkInterfaces.self, input).networkInterfaces.first)
    }

    private mutating func found(_ name: String, _ value: String) throws -> [String?] {
        let filter = EC2.Filter(name: name, values: [value])
        return try cloud.perform(DescribeNetworkInterfaces.self, .init(filters: [filter])).networkInterfaces
            .map(\.networkInterfaceID)
    }

    private mutating func modify(
        _ change: (inout EC2.ModifyNetworkInterfaceAttributeRequest) -> Void
    ) throws(EC2Error) {
        var input = EC2.ModifyNetworkInterfaceAttributeRequest(networkInterfaceID: id)
        change(&input)
        try cloud.perform(ModifyNetworkInterfaceAttribute.self, input)
    }

    private mutating func refusal(_ change: (inout EC2.ModifyNetworkInterfaceAttributeRequest) -> Void) -> String? {
        var input = EC2.ModifyNetworkInterfaceAttributeRequest(networkInterfaceID: id)
        change(&input)
        return cloud.refusal(of: ModifyNetworkInterfaceAttribute.self, input)
    }

    @Test("shows its place, its addresses and its attachment")
    mutating func described() throws {
        let (interface, record) = (try shown(), try record)
        let address = try #require(record.addresses.first)
        let publicAddress = try #require(address.autoPublicAddress)
        #expect(interface.status == .inUse && interface.interfaceType == .interface)
        #expect(interface.subnetID == cloud.defaultSubnet.id.description)
        #expect(interface.macAddress == record.macAddress.description)
        #expect(interface.groups.map(\.groupName) == ["default"])
        #expect(interface.privateIPAddress == address.privateAddress.description)
        #expect(interface.privateDNSName == "ip-\(address.privateAddress.dashed).ec2.internal")
        #expect(interface.association?.publicIP == publicAddress.description)
        #expect(interface.association?.ipOwnerID == "amazon" && interface.association?.allocationID == nil)
        #expect(interface.association?.publicDNSName == "ec2-\(publicAddress.dashed).compute-1.amazonaws.com")
        #expect(interface.privateIPAddresses.map(\.primary) == [true])
        #expect(interface.privateIPAddresses.first?.association == interface.association)
        #expect(interface.attachment?.instanceID == guest.instance.description)
        #expect(interface.attachment?.deviceIndex == 0 && interface.attachment?.status == .attached)
        #expect(interface.sourceDestCheck == true && interface.requesterManaged == false)
    }

    @Test("shows an Elastic IP address with its owner and its association")
    mutating func elastic() throws {
        let address = try cloud.perform(AllocateAddress.self, .init())
        let association = try cloud.perform(
            AssociateAddress.self, .init(allocationID: address.allocationID, networkInterfaceID: id)
        ).associationID
        let interface = try shown()
        #expect(interface.association?.ipOwnerID == "123456789012")
        #expect(interface.association?.associationID == association)
        #expect(interface.association?.publicIP == address.publicIP)
        #expect(try found("association.allocation-id", address.allocationID ?? "") == [id])
        #expect(try found("association.association-id", association ?? "") == [id])
    }

    @Test("is found by each filter")
    mutating func filters() throws {
        let record = try record
        let address = try #require(record.addresses.first)
        let publicAddress = try #require(address.autoPublicAddress).description
        let attachment = try #require(record.attachment)
        let own = [
            ("addresses.private-ip-address", address.privateAddress.description),
            ("addresses.association.public-ip", publicAddress), ("addresses.association.owner-id", "amazon"),
            ("association.public-ip", publicAddress), ("association.ip-owner-id", "amazon"),
            ("association.public-dns-name", "ec2-*"), ("attachment.attach-time", "\(attachment.attachedAt)"),
            ("attachment.attachment-id", attachment.id.description), ("attachment.delete-on-termination", "true"),
            ("attachment.device-index", "0"), ("attachment.instance-id", guest.instance.description),
            ("attachment.instance-owner-id", "123456789012"), ("attachment.status", "attached"),
            ("mac-address", record.macAddress.description), ("network-interface-id", id),
            ("private-ip-address", address.privateAddress.description), ("status", "in-use"),
            ("private-dns-name", "ip-\(address.privateAddress.dashed).ec2.internal"),
        ]
        for (name, value) in own { #expect(try found(name, value) == [id], "\(name)") }
        let shared = [
            ("addresses.primary", "true"), ("availability-zone", "us-east-1?"), ("availability-zone-id", "use1-az?"),
            ("group-id", "sg-*"), ("group-name", "default"), ("interface-type", "interface"),
            ("operator.managed", "false"), ("owner-id", "123456789012"), ("requester-managed", "false"),
            ("source-dest-check", "true"), ("subnet-id", "subnet-*"), ("vpc-id", "vpc-*"),
        ]
        for (name, value) in shared { #expect(try found(name, value).count == 2, "\(name)") }
        #expect(try found("description", "spare").count == 1)
        #expect(try found("requester-id", "*").isEmpty)
    }

    @Test("gets another description, check, groups and fate at termination, one a call")
    mutating func modified() throws {
        try modify { $0.description = .init(value: "front") }
        try modify { $0.sourceDestCheck = .init(value: false) }
        let attachment = try #require(try record.attachment).id.description
        try modify { $0.attachment = .init(attachmentID: attachment, deleteOnTermination: false) }
        let made = try cloud.perform(CreateSecurityGroup.self, .init(description: "d", groupName: "web"))
        let group = try #require(made.groupID)
        try modify { $0.groups = [group, group] }
        let interface = try shown()
        #expect(interface.description == "front" && interface.sourceDestCheck == false)
        #expect(interface.attachment?.deleteOnTermination == false)
        #expect(interface.groups.map(\.groupID) == [group])
    }

    private mutating func attribute(
        _ attribute: EC2.NetworkInterfaceAttribute
    ) throws -> EC2.DescribeNetworkInterfaceAttributeResult {
        try cloud.perform(
            DescribeNetworkInterfaceAttribute.self, .init(networkInterfaceID: id, attribute: attribute))
    }

    @Test("shows the one attribute that was asked for")
    mutating func attributes() throws {
        #expect(try attribute(.description).description?.value == "")
        #expect(try attribute(.groupSet).groups.count == 1)
        #expect(try attribute(.sourceDestCheck).sourceDestCheck?.value == true)
        #expect(try attribute(.attachment).attachment?.instanceID == guest.instance.description)
        #expect(try attribute(.associatePublicIPAddress).associatePublicIPAddress == true)
        #expect(try attribute(.description).sourceDestCheck == nil)
        #expect(
            cloud.refusal(of: DescribeNetworkInterfaceAttribute.self, .init(networkInterfaceID: id))
                == "MissingParameter")
    }

    @Test("loses and gets its public address as the caller wishes")
    mutating func publicAddress() throws {
        try modify { $0.associatePublicIPAddress = false }
        #expect(try shown().association == nil)
        try modify { $0.associatePublicIPAddress = true }
        #expect(try shown().association?.ipOwnerID == "amazon")
    }

    @Test("keeps what it has when a change is refused")
    mutating func refusals() throws {
        #expect(refusal { _ in } == "MissingParameter")
        #expect(
            refusal {
                $0.description = .init(value: "a")
                $0.sourceDestCheck = .init(value: true)
            } == "InvalidParameterCombination")
        #expect(refusal { $0.groups = ["sg-12345678"] } == "InvalidGroup.NotFound")
        #expect(
            refusal { $0.attachment = .init(attachmentID: "eni-attach-12345678", deleteOnTermination: true) }
                == "InvalidAttachmentID.NotFound")
        #expect(refusal { $0.enablePrimaryIPv6 = true } == "UnsupportedOperation")
        #expect(refusal { $0.associatedSubnetIDs = ["subnet-12345678"] } == "UnsupportedOperation")
        let long = String(repeating: "a", count: 256)
        #expect(refusal { $0.description = .init(value: long) } == "InvalidParameterValue")
        let vpc = try cloud.perform(CreateVpc.self, .init(cidrBlock: "10.0.0.0/16")).vpc?.vpcID
        let key = IndexKey(.vpc, try #require(VPCID(vpc ?? "")))
        let foreign = try #require(cloud.state.securityGroups.first(where: key)).id.description
        #expect(refusal { $0.groups = [foreign] } == "InvalidParameter")
        let many = try (0..<6).map { number in
            try cloud.perform(CreateSecurityGroup.self, .init(description: "d", groupName: "g\(number)")).groupID ?? ""
        }
        #expect(refusal { $0.groups = many } == "SecurityGroupsPerInterfaceLimitExceeded")
    }
}
