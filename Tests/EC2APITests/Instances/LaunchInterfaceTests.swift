import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("The interfaces of a launch")
struct LaunchInterfaceTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private func subnet(_ zone: String) -> SubnetRecord {
        cloud.state.defaultSubnet(of: TestCloud.account, inZone: zone)!
    }

    @Test("follow the request's own subnet, groups and address")
    mutating func own() throws {
        let subnet = subnet("us-east-1c")
        let group = try cloud.perform(CreateSecurityGroup.self, .init(description: "x", groupName: "web")).groupID
        var input = cloud.request()
        input.subnetID = subnet.id.description
        input.securityGroupIDs = [try #require(group)]
        let address = subnet.cidrBlock.address.advanced(by: 77)
        input.privateIPAddress = address.description
        let shown = try #require(try cloud.perform(RunInstances.self, input).instances.first)
        #expect(shown.subnetID == subnet.id.description && shown.placement?.availabilityZone == "us-east-1c")
        #expect(shown.privateIPAddress == address.description && shown.securityGroups.map(\.groupName) == ["web"])
        #expect(shown.privateDNSName == "ip-\(address.dashed).ec2.internal")
        #expect(cloud.refusal(of: RunInstances.self, input) == "InvalidIPAddress.InUse")
    }

    @Test("may be named by groups of the default VPC")
    mutating func names() throws {
        try cloud.perform(CreateSecurityGroup.self, .init(description: "x", groupName: "web"))
        var input = cloud.request()
        input.securityGroups = ["web", "default"]
        let shown = try #require(try cloud.perform(RunInstances.self, input).instances.first)
        #expect(shown.securityGroups.map(\.groupName) == ["web", "default"])
    }

    @Test("are as their specifications say")
    mutating func specified() throws {
        var input = cloud.request()
        let subnet = subnet("us-east-1a").id.description
        input.networkInterfaces = [
            .init(deleteOnTermination: false, description: "second", deviceIndex: 1, subnetID: subnet),
            .init(description: "first", deviceIndex: 0, subnetID: subnet),
        ]
        let shown = try #require(try cloud.perform(RunInstances.self, input).instances.first)
        #expect(shown.networkInterfaces.map(\.description) == ["first", "second"])
        #expect(shown.networkInterfaces.map { $0.attachment?.deleteOnTermination } == [true, false])
        #expect(shown.publicIPAddress == nil, "several interfaces get no public address by themselves")
    }

    @Test("get a public address where it is asked for, and none where it is not wanted")
    mutating func publicAddress() throws {
        var input = cloud.request()
        input.networkInterfaces = [.init(associatePublicIPAddress: false, deviceIndex: 0)]
        #expect(try cloud.perform(RunInstances.self, input).instances.first?.publicIPAddress == nil)
        input.networkInterfaces = [.init(associatePublicIPAddress: true, deviceIndex: 0)]
        let shown = try #require(try cloud.perform(RunInstances.self, input).instances.first)
        #expect(shown.publicIPAddress == shown.networkInterfaces.first?.association?.publicIP)
        #expect(shown.publicDNSName?.hasPrefix("ec2-198-18-") == true)
    }

    @Test("may be one that exists, which then stays when the instance goes")
    mutating func existing() throws {
        let interface = try cloud.transaction.createInterface(
            in: subnet("us-east-1b"), privateAddress: nil, groups: [], description: "kept")
        var input = cloud.request()
        input.networkInterfaces = [.init(deviceIndex: 0, networkInterfaceID: interface.id.description)]
        let id = try cloud.running(input)
        let shown = try #require(try cloud.described(id))
        #expect(shown.networkInterfaces.map(\.networkInterfaceID) == [interface.id.description])
        #expect(shown.placement?.availabilityZone == "us-east-1b")
        #expect(cloud.refusal(of: RunInstances.self, input) == "InvalidNetworkInterface.InUse")
        _ = try TerminateInstances.decide(.init(instanceIDs: [id.description]), &cloud.transaction)
        cloud.settle(id)
        #expect(cloud.state.networkInterfaces[interface.id]?.attachment == nil)
        #expect(cloud.state.networkInterfaces.contains(IndexKey(.instance, id)) == false)
    }

    private static let refusals: [(code: String, change: LaunchChange)] = [
        ("InvalidParameterCombination", { $0.subnetID = "subnet-00000000" }),
        ("InvalidParameterCombination", { $0.securityGroupIDs = ["sg-00000000"] }),
        ("InvalidParameterCombination", { $0.securityGroups = ["default"] }),
        ("InvalidParameterCombination", { $0.privateIPAddress = "172.31.0.9" }),
        ("InvalidParameterValue", { $0.networkInterfaces[0].deviceIndex = nil }),
        ("InvalidParameterValue", { $0.networkInterfaces[0].deviceIndex = 1 }),
        ("InvalidParameterValue", { $0.networkInterfaces.append(.init(deviceIndex: 0)) }),
        (
            "InvalidParameterCombination",
            { input in
                input.networkInterfaces[0].associatePublicIPAddress = true
                input.networkInterfaces.append(.init(deviceIndex: 1))
            }
        ),
        (
            "InvalidParameterCombination",
            { input in
                input.networkInterfaces[0].privateIPAddress = "172.31.0.9"
                input.maxCount = 2
            }
        ),
        (
            "InvalidParameterCombination",
            { input in
                input.networkInterfaces[0].networkInterfaceID = "eni-00000000"
                input.networkInterfaces[0].groups = ["sg-00000000"]
            }
        ),
    ]

    @Test("are refused where they contradict each other", arguments: refusals)
    mutating func contradictions(code: String, change: LaunchChange) {
        var input = cloud.request()
        input.networkInterfaces = [.init(deviceIndex: 0)]
        change(&input)
        #expect(cloud.refusal(of: RunInstances.self, input) == code)
    }

    @Test("have one private address for one instance alone")
    mutating func single() {
        var input = cloud.request(2)
        input.privateIPAddress = "172.31.0.9"
        #expect(cloud.refusal(of: RunInstances.self, input) == "InvalidParameterCombination")
    }
}
