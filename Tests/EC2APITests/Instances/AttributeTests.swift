import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

private typealias Modification = EC2.ModifyInstanceAttributeRequest

@Suite("The attributes of an instance")
struct AttributeTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func attribute(
        _ name: EC2.InstanceAttributeName, of id: InstanceID
    ) throws -> EC2.InstanceAttribute {
        try cloud.perform(DescribeInstanceAttribute.self, .init(instanceID: id.description, attribute: name))
    }

    private mutating func modify(_ id: InstanceID, _ change: (inout Modification) -> Void) throws {
        var input = Modification(instanceID: id.description)
        change(&input)
        try cloud.perform(ModifyInstanceAttribute.self, input)
    }

    private mutating func refusal(_ id: InstanceID, _ change: (inout Modification) -> Void) -> String? {
        var input = Modification(instanceID: id.description)
        change(&input)
        return cloud.refusal(of: ModifyInstanceAttribute.self, input)
    }

    @Test("are shown one by one")
    mutating func shown() throws {
        var input = cloud.request()
        input.userData = Array("hello".utf8)
        let id = try cloud.running(input)
        #expect(try attribute(.instanceType, of: id).instanceType?.value == "t3.micro")
        #expect(try attribute(.userData, of: id).userData?.value == "aGVsbG8=")
        #expect(try attribute(.disableAPITermination, of: id).disableAPITermination?.value == false)
        #expect(try attribute(.disableAPIStop, of: id).disableAPIStop?.value == false)
        #expect(
            try attribute(.instanceInitiatedShutdownBehavior, of: id).instanceInitiatedShutdownBehavior?.value
                == "stop")
        #expect(try attribute(.rootDeviceName, of: id).rootDeviceName?.value == "/dev/xvda")
        #expect(try attribute(.blockDeviceMapping, of: id).blockDeviceMappings.count == 1)
        #expect(try attribute(.sourceDestCheck, of: id).sourceDestCheck?.value == true)
        #expect(try attribute(.groupSet, of: id).groups.map(\.groupName) == ["default"])
        #expect(try attribute(.ebsOptimized, of: id).ebsOptimized?.value == false)
        #expect(try attribute(.enaSupport, of: id).enaSupport?.value == true)
        #expect(try attribute(.enclaveOptions, of: id).enclaveOptions?.enabled == false)
        #expect(try attribute(.kernel, of: id).kernelID == EC2.AttributeValue())
    }

    @Test("change while it runs, if the guest does not depend on them")
    mutating func running() throws {
        let id = try cloud.running()
        let group = try cloud.perform(CreateSecurityGroup.self, .init(description: "x", groupName: "web")).groupID!
        try modify(id) { $0.disableAPITermination = .init(value: true) }
        try modify(id) { $0.disableAPIStop = .init(value: true) }
        try modify(id) { $0.instanceInitiatedShutdownBehavior = .init(value: "terminate") }
        try modify(id) { $0.sourceDestCheck = .init(value: false) }
        try modify(id) { $0.groups = [group] }
        try modify(id) {
            $0.blockDeviceMappings = [.init(deviceName: "/dev/xvda", ebs: .init(deleteOnTermination: false))]
        }
        let record = try #require(cloud.state.instances[id])
        #expect(record.disableAPITermination && record.disableAPIStop && record.shutdownBehavior == .terminate)
        let shown = try #require(try cloud.described(id))
        #expect(shown.sourceDestCheck == false && shown.securityGroups.map(\.groupName) == ["web"])
        #expect(shown.blockDeviceMappings.map { $0.ebs?.deleteOnTermination } == [false])
        try cloud.perform(
            ResetInstanceAttribute.self, .init(instanceID: id.description, attribute: .sourceDestCheck))
        #expect(try cloud.described(id)?.sourceDestCheck == true)
    }

    @Test("change by name and value as well")
    mutating func byName() throws {
        let id = try cloud.running()
        try modify(id) { ($0.attribute, $0.value) = (.disableAPITermination, "true") }
        #expect(cloud.state.instances[id]?.disableAPITermination == true)
        #expect(refusal(id) { ($0.attribute, $0.value) = (.disableAPITermination, "yes") } == "InvalidParameterValue")
        #expect(refusal(id) { ($0.attribute, $0.value) = (.rootDeviceName, "/dev/sda1") } == "InvalidParameterValue")
    }

    @Test("that the guest is built of change only while it is stopped")
    mutating func stopped() throws {
        let id = try cloud.running()
        let changes: [(inout Modification) -> Void] = [
            { $0.instanceType = .init(value: "t3.small") }, { $0.userData = .init(value: Array("new".utf8)) },
            { $0.ebsOptimized = .init(value: true) },
        ]
        for change in changes { #expect(refusal(id, change) == "IncorrectInstanceState") }
        try cloud.perform(StopInstances.self, .init(instanceIDs: [id.description]))
        cloud.settle(id)
        for change in changes { try modify(id, change) }
        let record = try #require(cloud.state.instances[id])
        #expect(record.instanceType == "t3.small" && record.memoryMiB == 2048)
        #expect(record.userData == Array("new".utf8) && record.isEBSOptimized)
        #expect(refusal(id) { $0.instanceType = .init(value: "t3.tiny") } == "InvalidInstanceAttributeValue")
        #expect(refusal(id) { $0.instanceType = .init(value: "t4g.micro") } == "InvalidParameterValue")
        try modify(id) { $0.instanceType = .init(value: "m5.large") }
        #expect(cloud.state.instances[id]?.creditSpecification == nil)
    }

    @Test("change one at a time, and not to what cannot be")
    mutating func refused() throws {
        let id = try cloud.running()
        #expect(refusal(id) { _ in } == "InvalidParameterCombination")
        #expect(
            refusal(id) {
                $0.disableAPIStop = .init(value: true)
                $0.sourceDestCheck = .init(value: true)
            } == "InvalidParameterCombination")
        #expect(refusal(id) { $0.disableAPIStop = .init() } == "MissingParameter")
        #expect(refusal(id) { $0.kernel = .init(value: "aki-1") } == "UnsupportedOperation")
        #expect(refusal(id) { $0.enaSupport = .init(value: true) } == nil)
        #expect(refusal(id) { $0.enaSupport = .init(value: false) } == "UnsupportedOperation")
        #expect(refusal(id) { $0.groups = ["sg-00000000"] } == "InvalidGroup.NotFound")
        #expect(
            refusal(id) {
                $0.blockDeviceMappings = [.init(deviceName: "/dev/sdx", ebs: .init(deleteOnTermination: true))]
            } == "InvalidInstanceAttributeValue")
        #expect(refusal(InstanceID("i-00000000")!) { $0.groups = ["sg-1"] } == "InvalidInstanceID.NotFound")
    }

    @Test("of its interface mean the only one")
    mutating func several() throws {
        var input = cloud.request()
        input.networkInterfaces = [.init(deviceIndex: 0), .init(deviceIndex: 1)]
        let id = try cloud.running(input)
        #expect(refusal(id) { $0.sourceDestCheck = .init(value: false) } == "InvalidInstanceID")
        let group = cloud.defaultVPC.defaultGroup.description
        #expect(refusal(id) { $0.groups = [group] } == "InvalidInstanceID")
    }

    @Test("of its metadata service change those that are named")
    mutating func metadata() throws {
        let id = try cloud.running()
        let result = try cloud.perform(
            ModifyInstanceMetadataOptions.self,
            .init(instanceID: id.description, httpTokens: .required, httpPutResponseHopLimit: 5))
        #expect(result.instanceMetadataOptions?.state == .pending)
        try cloud.perform(
            ModifyInstanceMetadataOptions.self, .init(instanceID: id.description, httpEndpoint: .disabled))
        let options = try #require(try cloud.described(id)?.metadataOptions)
        #expect(options.state == .applied && options.httpTokens == .required)
        #expect(options.httpPutResponseHopLimit == 5 && options.httpEndpoint == .disabled)
        #expect(
            cloud.refusal(
                of: ModifyInstanceMetadataOptions.self,
                .init(instanceID: id.description, httpPutResponseHopLimit: 0)) == "InvalidParameterValue")
    }

    @Test("of monitoring are told as on their way, then as they are")
    mutating func monitoring() throws {
        let id = try cloud.running()
        let ids = [id.description]
        #expect(
            try cloud.perform(MonitorInstances.self, .init(instanceIDs: ids)).instanceMonitorings
                == [EC2.InstanceMonitoring(instanceID: id.description, monitoring: .init(state: .pending))])
        #expect(try cloud.described(id)?.monitoring?.state == .enabled)
        #expect(
            try cloud.perform(UnmonitorInstances.self, .init(instanceIDs: ids)).instanceMonitorings.map(\.monitoring)
                == [.init(state: .disabling)])
        #expect(try cloud.described(id)?.monitoring?.state == .disabled)
    }

    @Test("that AWS has and no guest here are empty or refused as the caller's mistake")
    mutating func absent() throws {
        let id = try cloud.running().description
        #expect(try cloud.perform(GetPasswordData.self, .init(instanceID: id)).passwordData == "")
        #expect(cloud.refusal(of: GetInstanceUefiData.self, .init(instanceID: id)) == "UnsupportedOperation")
        #expect(
            cloud.refusal(of: GetInstanceUefiData.self, .init(instanceID: "ami-00000000"))
                == "InvalidInstanceID.Malformed")
        #expect(
            try cloud.perform(DescribeIamInstanceProfileAssociations.self, .init()).iamInstanceProfileAssociations
                .isEmpty)
    }

    @Test("of CPU credits are shown for burstable types")
    mutating func credits() throws {
        let id = try cloud.running().description
        var input = cloud.request()
        input.instanceType = "m5.large"
        let plain = try cloud.running(input).description
        #expect(
            try cloud.perform(DescribeInstanceCreditSpecifications.self, .init()).instanceCreditSpecifications
                == [EC2.InstanceCreditSpecification(instanceID: id, cpuCredits: "unlimited")])
        #expect(
            cloud.refusal(of: DescribeInstanceCreditSpecifications.self, .init(instanceIDs: [plain]))
                == "UnsupportedOperation")
    }
}
