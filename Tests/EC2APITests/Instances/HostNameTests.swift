import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("An instance's private names")
struct HostNameTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func launch(
        _ options: EC2.PrivateDnsNameOptionsRequest? = nil
    ) throws -> EC2.Instance {
        var input = cloud.request()
        input.privateDNSNameOptions = options
        return try #require(try cloud.perform(RunInstances.self, input).instances.first)
    }

    private func network() -> VPCNetwork? {
        VPCNetwork(of: cloud.defaultVPC.id, in: cloud.state, settings: cloud.transaction.settings)
    }

    private mutating func found(byName name: String) throws -> [String?] {
        let filter = EC2.Filter(name: "private-dns-name", values: [name])
        let document = try cloud.perform(DescribeInstances.self, .init(filters: [filter]))
        return document.instances.map(\.record.id.description)
    }

    @Test("are made of the address where nothing else is said")
    mutating func byAddress() throws {
        let shown = try launch()
        #expect(shown.privateDNSName?.hasPrefix("ip-172-31-") == true)
        #expect(shown.privateDNSNameOptions?.hostnameType == .ipName)
        #expect(try #require(network()).interfaces[0].resourceName == nil)
    }

    @Test("are made of the id where the launch says so, in the API, for the guest and for the resolver")
    mutating func byResource() throws {
        let shown = try launch(.init(hostnameType: .resourceName, enableResourceNameDNSARecord: true))
        let id = try #require(shown.instanceID)
        #expect(shown.privateDNSName == "\(id).ec2.internal")
        #expect(shown.privateDNSNameOptions?.enableResourceNameDNSARecord == true)
        #expect(try found(byName: "\(id).*") == [id])
        #expect(try found(byName: "ip-*") == [])
        let interface = try #require(network()).interfaces[0]
        #expect(interface.resourceName == id && interface.isCalledByResourceName)
        let record = try #require(InstanceID(id).flatMap { cloud.state.instances[$0] })
        let metadata = InstanceMetadata(of: record, in: cloud.state, settings: cloud.transaction.settings)
        #expect(metadata.hostName == "\(id).ec2.internal")
        #expect(metadata.interfaces[0].hostName.hasPrefix("ip-172-31-"))
    }

    @Test("are the subnet's choice, which the launch overrules member by member")
    mutating func bySubnet() throws {
        let subnet = cloud.defaultSubnet.id.description
        for zone in cloud.state.subnets.all(where: IndexKey(.vpc, cloud.defaultVPC.id)).map(\.id.description) {
            try cloud.perform(
                ModifySubnetAttribute.self, .init(subnetID: zone, privateDNSHostnameTypeOnLaunch: .resourceName))
            try cloud.perform(
                ModifySubnetAttribute.self,
                .init(subnetID: zone, enableResourceNameDNSARecordOnLaunch: .init(value: true)))
        }
        let shown = try cloud.perform(DescribeSubnets.self, .init(subnetIDs: [subnet])).subnets[0]
        #expect(shown.privateDNSNameOptionsOnLaunch?.hostnameType == .resourceName)
        #expect(shown.privateDNSNameOptionsOnLaunch?.enableResourceNameDNSARecord == true)
        let plain = try launch().privateDNSNameOptions
        #expect(plain?.hostnameType == .resourceName && plain?.enableResourceNameDNSARecord == true)
        let other = try launch(.init(enableResourceNameDNSARecord: false)).privateDNSNameOptions
        #expect(other?.hostnameType == .resourceName && other?.enableResourceNameDNSARecord == false)
    }

    @Test("change later: which of them are known at once, what the guest is called while it is stopped")
    mutating func changed() throws {
        let guest = try cloud.guest()
        let id = guest.instance.description
        try cloud.perform(
            ModifyPrivateDnsNameOptions.self, .init(instanceID: id, enableResourceNameDNSARecord: true))
        let interface = try #require(network()).interfaces[0]
        #expect(interface.resourceName == id && !interface.isCalledByResourceName)
        let named = EC2.ModifyPrivateDnsNameOptionsRequest(instanceID: id, privateDNSHostnameType: .resourceName)
        #expect(cloud.refusal(of: ModifyPrivateDnsNameOptions.self, named) == "IncorrectInstanceState")
        cloud.transaction.update(guest.instance) { (instance: inout InstanceRecord) in instance.state = .stopped }
        try cloud.perform(ModifyPrivateDnsNameOptions.self, named)
        let record = try #require(cloud.state.instances[guest.instance])
        #expect(record.hostNameType == "resource-name" && record.resourceNameDNSA)
        let ipv6 = EC2.ModifyPrivateDnsNameOptionsRequest(instanceID: id, enableResourceNameDNSAAAARecord: true)
        #expect(cloud.refusal(of: ModifyPrivateDnsNameOptions.self, ipv6) == "UnsupportedOperation")
        cloud.become(TestCloud.stranger)
        #expect(cloud.refusal(of: ModifyPrivateDnsNameOptions.self, named) == "InvalidInstanceID.NotFound")
    }
}
