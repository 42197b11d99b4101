import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("A launch")
struct LaunchTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    @Test("answers with pending instances of one reservation, each with its disk and its interface")
    mutating func launch() throws {
        let reservation = try cloud.perform(RunInstances.self, cloud.request(2))
        #expect(reservation.reservationID?.hasPrefix("r-") == true && reservation.ownerID == "123456789012")
        #expect(reservation.instances.map(\.amiLaunchIndex) == [0, 1])
        for instance in reservation.instances {
            #expect(instance.state == EC2.InstanceState(code: 0, name: .pending))
            #expect(instance.stateReason == EC2.StateReason(code: "pending", message: "pending"))
            #expect(instance.blockDeviceMappings.map(\.deviceName) == ["/dev/xvda"])
            #expect(instance.blockDeviceMappings[0].ebs?.deleteOnTermination == true)
            let interface = try #require(instance.networkInterfaces.first)
            #expect(instance.networkInterfaces.count == 1 && interface.attachment?.deviceIndex == 0)
            #expect(instance.privateIPAddress == interface.privateIPAddress)
            #expect(instance.publicIPAddress != nil, "default subnets give public addresses")
            #expect(instance.securityGroups.map(\.groupName) == ["default"])
            #expect(instance.cpuOptions == EC2.CpuOptions(coreCount: 1, threadsPerCore: 2))
            #expect(instance.metadataOptions?.httpTokens == .optional)
        }
        let shown = try cloud.perform(DescribeInstances.self, .init()).reservations
        #expect(shown.count == 1 && shown[0].instances == reservation.instances)
    }

    @Test("takes settings and shows them again")
    mutating func settings() throws {
        var input = cloud.request()
        input.ebsOptimized = true
        input.disableAPITermination = true
        input.disableAPIStop = true
        input.instanceInitiatedShutdownBehavior = .terminate
        input.monitoring = EC2.RunInstancesMonitoringEnabled(enabled: true)
        input.creditSpecification = EC2.CreditSpecificationRequest(cpuCredits: "standard")
        input.cpuOptions = EC2.CpuOptionsRequest(coreCount: 1, threadsPerCore: 1)
        input.maintenanceOptions = EC2.InstanceMaintenanceOptionsRequest(autoRecovery: .disabled)
        input.metadataOptions = EC2.InstanceMetadataOptionsRequest(
            httpTokens: .required, httpPutResponseHopLimit: 3, instanceMetadataTags: .enabled)
        input.userData = Array("#!/bin/sh".utf8)
        input.clientToken = "once"
        input.placement = EC2.Placement(availabilityZoneID: "use1-az2", tenancy: .default)
        input.tagSpecifications = ["instance", "volume", "network-interface"].map {
            EC2.TagSpecification(resourceType: $0, tags: [EC2.Tag(key: "for", value: $0)])
        }
        let id = try cloud.running(input)
        let shown = try #require(try cloud.described(id))
        #expect(shown.ebsOptimized == true && shown.clientToken == "once")
        #expect(shown.monitoring?.state == .enabled && shown.maintenanceOptions?.autoRecovery == .disabled)
        #expect(shown.cpuOptions?.threadsPerCore == 1 && cloud.state.instances[id]?.vCPUs == 1)
        #expect(shown.metadataOptions?.httpTokens == .required && shown.metadataOptions?.httpPutResponseHopLimit == 3)
        #expect(shown.metadataOptions?.instanceMetadataTags == .enabled)
        #expect(shown.placement?.availabilityZone == "us-east-1b")
        #expect(shown.tags == [EC2.Tag(key: "for", value: "instance")])
        let record = try #require(cloud.state.instances[id])
        #expect(record.disableAPITermination && record.disableAPIStop && record.shutdownBehavior == .terminate)
        #expect(record.creditSpecification == "standard" && record.userData == Array("#!/bin/sh".utf8))
        #expect(cloud.state.volumes.all(where: IndexKey(.instance, id)).map(\.tags) == [["for": "volume"]])
        #expect(
            cloud.state.networkInterfaces.all(where: IndexKey(.instance, id)).map(\.tags)
                == [["for": "network-interface"]])
    }

    @Test("asks for tokens where the image was made for IMDSv2")
    mutating func tokens() throws {
        var input = cloud.request()
        input.imageID = cloud.image { $0.imdsSupport = "v2.0" }.id.description
        let options = try #require(try cloud.described(try cloud.running(input))?.metadataOptions)
        #expect(options.httpTokens == .required && options.httpPutResponseHopLimit == 2)
    }

    private static let refusals: [(code: String, change: LaunchChange)] = [
        ("InvalidParameterValue", { $0.minCount = 0 }), ("InvalidParameterValue", { $0.minCount = 2 }),
        ("MissingParameter", { $0.imageID = nil }), ("InvalidAMIID.Malformed", { $0.imageID = "linux" }),
        ("InvalidAMIID.NotFound", { $0.imageID = "ami-00000000" }),
        ("InvalidParameterValue", { $0.instanceType = "t3.tiny" }),
        ("InvalidParameterValue", { $0.instanceType = "t4g.micro" }),
        ("InvalidKeyPair.NotFound", { $0.keyName = "none" }),
        ("InvalidParameterValue", { $0.userData = [UInt8](repeating: 65, count: 16_385) }),
        ("InvalidSubnetID.NotFound", { $0.subnetID = "subnet-00000000" }),
        ("InvalidGroup.NotFound", { $0.securityGroupIDs = ["sg-00000000"] }),
        ("InvalidGroup.NotFound", { $0.securityGroups = ["none"] }),
        ("InvalidParameterValue", { $0.placement = .init(availabilityZone: "us-east-1z") }),
        ("InvalidParameterValue", { $0.creditSpecification = .init(cpuCredits: "much") }),
        ("InvalidParameterValue", { $0.cpuOptions = .init(coreCount: 64, threadsPerCore: 2) }),
        ("MissingParameter", { $0.cpuOptions = .init(coreCount: 1) }),
        ("InvalidParameterValue", { $0.metadataOptions = .init(httpPutResponseHopLimit: 65) }),
        (
            "InvalidBlockDeviceMapping",
            { $0.blockDeviceMappings = [.init(deviceName: "/dev/sdf", virtualName: "ephemeral0")] }
        ),
        ("InvalidParameterValue", { $0.tagSpecifications = [.init(resourceType: "vpc")] }),
        (
            "AttachmentLimitExceeded",
            { input in
                input.networkInterfaces = (0..<9).map { EC2.InstanceNetworkInterfaceSpecification(deviceIndex: $0) }
            }
        ),
    ]

    @Test("is refused for what cannot be", arguments: refusals)
    mutating func refused(code: String, change: LaunchChange) {
        var input = cloud.request()
        change(&input)
        #expect(cloud.refusal(of: RunInstances.self, input) == code)
        #expect(cloud.state.instances.count == 0 && cloud.state.volumes.count == 0)
    }

    @Test(
        "is refused for what this cloud cannot obey",
        arguments: [
            { $0.iamInstanceProfile = .init(name: "web") },
            { $0.instanceMarketOptions = .init(marketType: .capacityBlock) },
            { $0.enclaveOptions = .init(enabled: true) },
            { $0.placement = .init(tenancy: .host) }, { $0.placement = .init(spreadDomain: "x") },
            { $0.ipv6AddressCount = 1 }, { $0.kernelID = "aki-00000000" }, { $0.additionalInfo = "x" },
            { $0.privateDNSNameOptions = .init(enableResourceNameDNSAAAARecord: true) },
            { $0.networkInterfaces = [.init(deviceIndex: 0, secondaryPrivateIPAddressCount: 1)] },
            { input in
                let udp = EC2.EnaSrdUdpSpecificationRequest(enaSrdUDPEnabled: true)
                input.networkInterfaces = [
                    .init(deviceIndex: 0, enaSrdSpecification: .init(enaSrdUDPSpecification: udp))
                ]
            },
        ] as [LaunchChange])
    mutating func unserved(change: LaunchChange) {
        var input = cloud.request()
        change(&input)
        #expect(cloud.refusal(of: RunInstances.self, input) == "UnsupportedOperation")
    }

    @Test("lets settings through that ask for nothing")
    mutating func nothing() throws {
        var input = cloud.request()
        input.hibernationOptions = .init(configured: false)
        input.enclaveOptions = .init(enabled: false)
        input.ipv6AddressCount = 0
        input.placement = .init(groupName: "", tenancy: .default)
        input.capacityReservationSpecification = .init(
            capacityReservationPreference: EC2.CapacityReservationPreference.noneValue)
        input.privateDNSNameOptions = .init(hostnameType: .ipName, enableResourceNameDNSARecord: false)
        let shown = try #require(try cloud.perform(RunInstances.self, input).instances.first)
        #expect(shown.capacityReservationSpecification?.capacityReservationPreference == .noneValue)
    }

    @Test("takes as many as there is room for, and fails as a fault of the cloud below the fewest")
    func room() throws {
        var small = try TestCloud { $0.capabilities.memoryMiB = 3 * 1024 }
        var input = small.request(4)
        #expect(small.refusal(of: RunInstances.self, input) == "InsufficientInstanceCapacity")
        input.minCount = 2
        #expect(try small.launched(input).count == 3)
        #expect(small.refusal(of: RunInstances.self, small.request()) == "InsufficientInstanceCapacity")
    }

    @Test("takes of the host's GPUs what the type has, and is refused beyond, with nothing made")
    func gpus() throws {
        var none = try TestCloud { $0.capabilities.gpus = [:] }
        var input = none.request()
        for type in ["g4dn.xlarge", "inf1.xlarge", "inf2.xlarge"] {
            input.instanceType = type
            #expect(none.refusal(of: RunInstances.self, input) == "InsufficientInstanceCapacity")
        }
        #expect(none.state.instances.count == 0 && none.state.volumes.count == 0)
        var two = try TestCloud {
            $0.capabilities.gpus = ["t4": 2, "l4": 1]
            ($0.capabilities.processorCount, $0.capabilities.memoryMiB) = (64, 1 << 20)
        }
        input = two.request(3)
        (input.instanceType, input.minCount) = ("g4dn.xlarge", 1)
        let first = try two.launched(input)
        #expect(first.count == 2)
        input.maxCount = 1
        #expect(two.refusal(of: RunInstances.self, input) == "InsufficientInstanceCapacity")
        // An eighth of a GPU takes the whole of it here.
        input.instanceType = "g6.xlarge"
        #expect(try two.launched(input).count == 1)
        #expect(two.refusal(of: RunInstances.self, input) == "InsufficientInstanceCapacity")
        two.transaction.becomeTerminated(try #require(first.first), reason: nil)
        input.instanceType = "g4dn.xlarge"
        #expect(try two.launched(input).count == 1)
        // A cloud that does not count them has as many as are asked for.
        var any = try TestCloud { ($0.capabilities.processorCount, $0.capabilities.memoryMiB) = (1 << 10, 1 << 22) }
        input = any.request()
        input.instanceType = "g4dn.metal"
        #expect(any.refusal(of: RunInstances.self, input) != nil)
        input.instanceType = "g4dn.12xlarge"
        #expect(try any.launched(input).count == 1)
    }

    @Test("counts the host's processors too, as often as they are given out")
    func processors() throws {
        var small = try TestCloud {
            $0.capabilities.processorCount = 2
            $0.overcommit.processors = 1.5
        }
        var input = small.request(3)
        input.minCount = 1
        #expect(try small.launched(input).count == 1)
        #expect(small.refusal(of: RunInstances.self, small.request()) == "InsufficientInstanceCapacity")
        #expect(small.state.takenShare.vCPUs == 2)
        input.instanceType = "t2.nano"
        #expect(try small.launched(input).count == 1)
        #expect(small.state.volumes.count == 2 && small.state.networkInterfaces.count == 2)
    }

    @Test("gives memory out more than once where the operator says so")
    func memoryOvercommit() throws {
        var small = try TestCloud {
            $0.capabilities.memoryMiB = 1024
            $0.overcommit.memory = 2
        }
        #expect(try small.launched(small.request(2)).count == 2)
        #expect(small.refusal(of: RunInstances.self, small.request()) == "InsufficientInstanceCapacity")
    }

    @Test("tells a group of another VPC apart by whether the subnet was named")
    mutating func foreignGroup() throws {
        let vpc = try cloud.perform(CreateVpc.self, .init(cidrBlock: "10.0.0.0/16")).vpc?.vpcID
        let group = try cloud.perform(
            CreateSecurityGroup.self, .init(description: "d", groupName: "far", vpcID: vpc)
        ).groupID
        var input = cloud.request()
        input.securityGroupIDs = [group ?? ""]
        #expect(cloud.refusal(of: RunInstances.self, input) == "InvalidGroup.NotFound")
        input.subnetID = cloud.defaultSubnet.id.description
        #expect(cloud.refusal(of: RunInstances.self, input) == "InvalidParameter")
    }

    @Test("needs a subnet to be named where the default VPC has none")
    mutating func noSubnet() throws {
        let input = cloud.request()
        for subnet in cloud.state.subnets.all(where: IndexKey(.vpc, cloud.defaultVPC.id)) {
            try cloud.perform(DeleteSubnet.self, .init(subnetID: subnet.id.description))
        }
        let vpc = cloud.defaultVPC.id
        let refusal = #expect(throws: EC2Error.self) { try cloud.perform(RunInstances.self, input) }
        #expect(refusal?.code == "MissingInput")
        #expect(refusal?.message == "No subnets found for the default VPC '\(vpc)'. Please specify a subnet.")
    }

    @Test("takes as many volumes as the type does")
    mutating func volumes() {
        var input = cloud.request()
        input.blockDeviceMappings = (0..<40).map { number in
            let letters = String(decoding: [UInt8(98 + number / 26), UInt8(97 + number % 26)], as: UTF8.self)
            return .init(ebs: .init(volumeSize: 1), deviceName: "/dev/xvd\(letters)")
        }
        #expect(cloud.refusal(of: RunInstances.self, input) == "AttachmentLimitExceeded")
        input.blockDeviceMappings = Array(input.blockDeviceMappings.prefix(20))
        #expect(cloud.refusal(of: RunInstances.self, input) == nil)
    }
}
