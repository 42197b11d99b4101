import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("A network interface of one's own")
struct InterfaceLifeTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func make(
        _ change: (inout EC2.CreateNetworkInterfaceRequest) -> Void = { _ in }
    ) throws(EC2Error) -> EC2.NetworkInterface {
        var input = EC2.CreateNetworkInterfaceRequest(subnetID: cloud.defaultSubnet.id.description)
        change(&input)
        return try cloud.perform(CreateNetworkInterface.self, input).networkInterface ?? EC2.NetworkInterface()
    }

    private mutating func refusal(_ change: (inout EC2.CreateNetworkInterfaceRequest) -> Void) -> String? {
        do throws(EC2Error) {
            _ = try make(change)
            return nil
        } catch {
            return error.code
        }
    }

    private mutating func attach(_ interface: String?, to instance: InstanceID, at index: Int) -> String? {
        cloud.refusal(
            of: AttachNetworkInterface.self,
            .init(networkInterfaceID: interface ?? "", instanceID: instance.description, deviceIndex: index))
    }

    private func attachment(of interface: String?) -> NetworkInterfaceRecord.Attachment? {
        interface.flatMap { NetworkInterfaceID($0) }.flatMap { cloud.state.networkInterfaces[$0]?.attachment }
    }

    @Test("is made with the address, groups, description and tags asked for")
    mutating func made() throws {
        let address = cloud.defaultSubnet.cidrBlock.address.advanced(by: 77).description
        let interface = try make { input in
            input.privateIPAddresses = [.init(primary: true, privateIPAddress: address)]
            input.description = "mine"
            input.tagSpecifications = [.init(resourceType: "network-interface", tags: [.init(key: "a", value: "b")])]
        }
        #expect(interface.privateIPAddress == address && interface.description == "mine")
        #expect(interface.status == .available && interface.attachment == nil)
        #expect(interface.groups.map(\.groupName) == ["default"])
        #expect(interface.tagSet == [EC2.Tag(key: "a", value: "b")])
        #expect(refusal { $0.privateIPAddress = address } == "InvalidIPAddress.InUse")
    }

    @Test("is refused for what it cannot have")
    mutating func refused() {
        #expect(refusal { $0.subnetID = "subnet-00000000" } == "InvalidSubnetID.NotFound")
        #expect(refusal { $0.groups = ["sg-00000000"] } == "InvalidGroup.NotFound")
        #expect(refusal { $0.privateIPAddress = "10.9.9.9" } == "InvalidParameterValue")
        #expect(refusal { $0.secondaryPrivateIPAddressCount = 1 } == "UnsupportedOperation")
        #expect(refusal { $0.ipv6AddressCount = 1 } == "UnsupportedOperation")
        #expect(refusal { $0.interfaceType = .efa } == "UnsupportedOperation")
        #expect(refusal { $0.description = String(repeating: "x", count: 256) } == "InvalidParameterValue")
        #expect(
            refusal { $0.tagSpecifications = [.init(resourceType: "instance", tags: [.init(key: "a")])] }
                == "InvalidParameterValue")
    }

    @Test("is attached to a stopped instance, and goes when it is detached")
    mutating func life() throws {
        let instance = try cloud.stopped()
        var request = EC2.CreateNetworkInterfaceRequest(subnetID: "")
        request.subnetID = try #require(cloud.state.instances[instance]?.subnet.description)
        let id = try cloud.perform(CreateNetworkInterface.self, request).networkInterface?.networkInterfaceID
        #expect(attach(id, to: instance, at: 0) == "InvalidParameterValue")
        #expect(attach(id, to: instance, at: 32) == "InvalidParameterValue")
        #expect(attach(id, to: instance, at: 1) == nil)
        #expect(attach(id, to: instance, at: 2) == "InvalidNetworkInterface.InUse")
        #expect(try cloud.described(instance)?.networkInterfaces.map(\.networkInterfaceID).last == id)
        let other = try cloud.perform(CreateNetworkInterface.self, request).networkInterface?.networkInterfaceID
        #expect(attach(other, to: instance, at: 2) == "AttachmentLimitExceeded")
        let deletion = EC2.DeleteNetworkInterfaceRequest(networkInterfaceID: id ?? "")
        #expect(cloud.refusal(of: DeleteNetworkInterface.self, deletion) == "InvalidParameterValue")
        let present = attachment(of: id)
        let attachment = try #require(present)
        try cloud.perform(DetachNetworkInterface.self, .init(attachmentID: attachment.id.description))
        #expect(self.attachment(of: id) == nil)
        try cloud.perform(DeleteNetworkInterface.self, deletion)
        #expect(cloud.refusal(of: DeleteNetworkInterface.self, deletion) == "InvalidNetworkInterfaceID.NotFound")
    }

    @Test("is neither attached to nor detached from an instance that runs")
    mutating func running() throws {
        let instance = try cloud.running()
        let subnet = try #require(cloud.state.instances[instance]?.subnet.description)
        let id = try make { $0.subnetID = subnet }.networkInterfaceID
        #expect(attach(id, to: instance, at: 1) == "UnsupportedOperation")
        let primary = try #require(cloud.transaction.primaryInterface(of: instance)?.attachment?.id.description)
        #expect(
            cloud.refusal(of: DetachNetworkInterface.self, .init(attachmentID: primary)) == "OperationNotPermitted")
        #expect(
            cloud.refusal(of: DetachNetworkInterface.self, .init(attachmentID: "eni-attach-00000000"))
                == "InvalidAttachmentID.NotFound")
    }

    @Test("is not attached across zones")
    mutating func acrossZones() throws {
        let instance = try cloud.stopped()
        let zone = try #require(cloud.state.instances[instance]?.availabilityZone)
        let elsewhere = cloud.state.subnets.all(where: IndexKey(.vpc, cloud.defaultVPC.id))
            .first { $0.availabilityZone != zone }
        let subnet = try #require(elsewhere).id.description
        let id = try make { $0.subnetID = subnet }.networkInterfaceID
        #expect(attach(id, to: instance, at: 1) == "InvalidParameterCombination")
    }

    @Test("is nobody else's")
    mutating func foreign() throws {
        let id = try make().networkInterfaceID ?? ""
        cloud.become(TestCloud.stranger)
        #expect(
            cloud.refusal(of: DeleteNetworkInterface.self, .init(networkInterfaceID: id))
                == "InvalidNetworkInterfaceID.NotFound")
    }

    @Test("checks source and destination again after a reset")
    mutating func reset() throws {
        let id = try make().networkInterfaceID ?? ""
        try cloud.perform(
            ModifyNetworkInterfaceAttribute.self, .init(networkInterfaceID: id, sourceDestCheck: .init(value: false)))
        let input = EC2.ResetNetworkInterfaceAttributeRequest(networkInterfaceID: id)
        #expect(cloud.refusal(of: ResetNetworkInterfaceAttribute.self, input) == "MissingParameter")
        try cloud.perform(
            ResetNetworkInterfaceAttribute.self, .init(networkInterfaceID: id, sourceDestCheck: "sourceDestCheck"))
        let shown = try cloud.perform(DescribeNetworkInterfaces.self, .init(networkInterfaceIDs: [id]))
        #expect(shown.networkInterfaces.first?.sourceDestCheck == true)
    }
}
