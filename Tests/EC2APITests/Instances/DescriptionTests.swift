import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("Descriptions of instances")
struct DescriptionTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func found(_ name: String, _ values: String...) throws -> Int {
        try cloud.perform(DescribeInstances.self, .init(filters: [EC2.Filter(name: name, values: values)]))
            .reservations.flatMap(\.instances).count
    }

    @Test("can be filtered by every property that they show")
    mutating func filters() throws {
        var input = cloud.request()
        input.tagSpecifications = [.init(resourceType: "instance", tags: [.init(key: "Name", value: "web")])]
        input.clientToken = "token"
        let id = try cloud.running(input)
        let shown = try #require(try cloud.described(id))
        let interface = try #require(shown.networkInterfaces.first)
        let matches: [(String, String?)] = [
            ("instance-id", shown.instanceID), ("image-id", shown.imageID), ("instance-type", "t3.*"),
            ("instance-state-name", "running"), ("instance-state-code", "16"), ("architecture", "x86_64"),
            ("availability-zone", "us-east-1?"), ("availability-zone-id", "use1-az1"), ("client-token", "token"),
            ("dns-name", shown.publicDNSName), ("ip-address", shown.publicIPAddress), ("tag:Name", "w*"),
            ("private-dns-name", shown.privateDNSName), ("private-ip-address", shown.privateIPAddress),
            ("subnet-id", shown.subnetID), ("vpc-id", shown.vpcID), ("instance.group-name", "default"),
            ("block-device-mapping.volume-id", shown.blockDeviceMappings.first?.ebs?.volumeID),
            ("block-device-mapping.status", "attached"), ("root-device-type", "ebs"), ("tenancy", "default"),
            ("network-interface.network-interface-id", interface.networkInterfaceID),
            ("network-interface.addresses.association.public-ip", shown.publicIPAddress),
            ("network-interface.attachment.device-index", "0"), ("hypervisor", "xen"),
            ("metadata-options.http-tokens", "optional"), ("platform-details", "Linux/UNIX"),
            ("current-instance-boot-mode", "legacy-bios"), ("owner-id", "123456789012"), ("tag-key", "Name"),
        ]
        for (name, value) in matches {
            #expect(try found(name, try #require(value, "\(name)")) == 1, "\(name)")
            #expect(try found(name, "other") == 0, "\(name)")
        }
        #expect(try found("platform", "windows") == 0 && found("instance-lifecycle", "spot") == 0)
        #expect(
            cloud.refusal(of: DescribeInstances.self, .init(filters: [.init(name: "colour", values: ["red"])]))
                == "InvalidParameterValue")
    }

    @Test("come in pages that together are all, with the instances of a launch side by side")
    mutating func pages() throws {
        for _ in 0..<4 { _ = try cloud.launched(cloud.request(3)) }
        var seen: [String] = []
        var token: String?
        repeat {
            let page = try cloud.perform(DescribeInstances.self, .init(nextToken: token, maxResults: 5))
            seen += page.reservations.flatMap(\.instances).compactMap(\.instanceID)
            #expect(page.reservations.flatMap(\.instances).count <= 5)
            token = page.nextToken
        } while token != nil
        #expect(seen.count == 12 && Set(seen).count == 12)
        let all = try cloud.perform(DescribeInstances.self, .init()).reservations
        #expect(all.count == 4 && all.flatMap(\.instances).compactMap(\.instanceID) == seen)
        #expect(all.allSatisfy { $0.instances.map(\.amiLaunchIndex) == [0, 1, 2] })
        #expect(cloud.refusal(of: DescribeInstances.self, .init(maxResults: 4)) == "InvalidParameterValue")
        #expect(
            cloud.refusal(of: DescribeInstances.self, .init(instanceIDs: [seen[0]], maxResults: 5))
                == "InvalidParameterCombination")
    }

    @Test("are the owner's alone")
    mutating func strangers() throws {
        let id = try cloud.running()
        cloud.become(TestCloud.stranger)
        #expect(try cloud.perform(DescribeInstances.self, .init()).reservations.isEmpty)
        #expect(
            cloud.refusal(of: DescribeInstances.self, .init(instanceIDs: [id.description]))
                == "InvalidInstanceID.NotFound")
    }

    @Test("follow what changes around the instance: groups' names, addresses, volumes, tags")
    mutating func follow() throws {
        let id = try cloud.running()
        let before = try #require(try cloud.described(id))
        let address = try cloud.transaction.allocateElasticAddress()
        let interface = try #require(NetworkInterfaceID(before.networkInterfaces[0].networkInterfaceID!))
        _ = try cloud.transaction.associate(address.id, with: interface, privateAddress: nil, reassociates: true)
        let shown = try #require(try cloud.described(id))
        #expect(shown.publicIPAddress == "\(address.publicAddress)")
        #expect(shown.networkInterfaces.first?.association?.ipOwnerID == "123456789012")
        try cloud.perform(CreateTags.self, .init(resources: [id.description], tags: [.init(key: "a", value: "b")]))
        #expect(try cloud.described(id)?.tags == [EC2.Tag(key: "a", value: "b")])
        cloud.transaction.update(cloud.defaultVPC.id) { (vpc: inout VPCRecord) in vpc.enableDNSHostnames = false }
        #expect(try cloud.described(id)?.publicDNSName == "")
    }

    @Test("of status show running instances, or all where asked")
    mutating func status() throws {
        let id = try cloud.running()
        let (running, stopped) = (id.description, try cloud.stopped().description)
        let fresh = try cloud.perform(DescribeInstanceStatus.self, .init()).instanceStatuses
        #expect(fresh.map(\.instanceID) == [running] && fresh[0].instanceStatus?.status == .initializing)
        var checks = StatusChecks(id: id, account: TestCloud.account, launch: 1)
        checks.note(.well, bootedAt: cloud.transaction.now, at: cloud.transaction.now)
        cloud.transaction.put(checks)
        let statuses = try cloud.perform(DescribeInstanceStatus.self, .init()).instanceStatuses
        #expect(statuses[0].instanceStatus?.status == .ok && statuses[0].systemStatus?.details.first?.status == .passed)
        let all = try cloud.perform(DescribeInstanceStatus.self, .init(includeAllInstances: true)).instanceStatuses
        #expect(Set(all.map(\.instanceID)) == [running, stopped])
        #expect(all.first { $0.instanceID == stopped }?.instanceStatus?.status == .notApplicable)
        #expect(try cloud.perform(DescribeInstanceStatus.self, .init(instanceIDs: [stopped])).instanceStatuses.isEmpty)
        let ok = EC2.Filter(name: "instance-status.status", values: ["ok"])
        #expect(
            try cloud.perform(DescribeInstanceStatus.self, .init(filters: [ok], includeAllInstances: true))
                .instanceStatuses.map(\.instanceID) == [running])
    }
}

@Suite("The written form of instances")
struct InstanceDocumentTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func written() throws -> (fragments: String, model: String) {
        let document = try cloud.perform(DescribeInstances.self, .init())
        var fragments = XMLWriter()
        var model = XMLWriter()
        document.write(to: &fragments)
        EC2.DescribeInstancesResult(nextToken: document.nextToken, reservations: document.reservations)
            .write(to: &model)
        return (
            String(decoding: fragments.finish(), as: UTF8.self), String(decoding: model.finish(), as: UTF8.self)
        )
    }

    private mutating func expectSame(_ comment: Comment) throws {
        let (fragments, model) = try written()
        #expect(fragments == model, comment)
    }

    @Test("is the model's, whatever was kept of it before")
    mutating func same() throws {
        try expectSame("nothing")
        let ids = try cloud.launched(cloud.request(2)) + cloud.launched(cloud.request())
        try expectSame("pending")
        for id in ids { cloud.settle(id) }
        try expectSame("running")
        try expectSame("running, again")
        let interface = cloud.state.interfaces(of: ids[0])[0]
        let address = try cloud.transaction.allocateElasticAddress()
        _ = try cloud.transaction.associate(address.id, with: interface.id, privateAddress: nil, reassociates: true)
        try expectSame("Elastic IP address")
        cloud.transaction.disassociate(address.id)
        try expectSame("Elastic IP address given up")
        cloud.transaction.update(interface.groups[0]) { (group: inout SecurityGroupRecord) in group.name = "other" }
        try expectSame("group")
        cloud.transaction.update(cloud.defaultVPC.id) { (vpc: inout VPCRecord) in vpc.enableDNSHostnames = false }
        try expectSame("VPC")
        let image = try #require(cloud.state.instances[ids[1]]?.image)
        cloud.transaction.update(image) { (image: inout ImageRecord) in image.platformDetails = "Other" }
        try expectSame("image")
        let record = try #require(cloud.state.instances[ids[1]])
        cloud.transaction.update(cloud.state.mappings(of: record)[0].volume.id) { (volume: inout VolumeRecord) in
            volume.attachments[0].deleteOnTermination = false
        }
        try expectSame("volume")
        try cloud.perform(CreateTags.self, .init(resources: [ids[2].description], tags: [.init(key: "<", value: "&")]))
        try expectSame("tags")
        _ = try TerminateInstances.decide(.init(instanceIDs: ids.map(\.description)), &cloud.transaction)
        for id in ids { cloud.settle(id) }
        try expectSame("terminated")
        #expect(try written().fragments.contains("terminated"))
    }

    @Test("is the model's for many instances too, all of an account or some, whatever was kept of it before")
    mutating func many() throws {
        let ids = try (0..<6).flatMap { try cloud.launched(cloud.request(1 + $0 % 3)) }
        try expectSame("pending")
        for id in ids { cloud.settle(id) }
        try expectSame("running")
        try expectSame("running, again")
        let before = cloud
        try cloud.perform(CreateTags.self, .init(resources: [ids[7].description], tags: [.init(key: "a", value: "b")]))
        try expectSame("tags")
        let interface = cloud.state.interfaces(of: ids[3])[0]
        cloud.transaction.update(interface.id) { (interface: inout NetworkInterfaceRecord) in
            interface.description = "later"
        }
        try expectSame("interface")
        var older = before
        #expect(try !older.written().contains("<description>later</description>"))
        #expect(try written().fragments.contains("<description>later</description>"))
        let some = try cloud.perform(DescribeInstances.self, .init(maxResults: 10))
        var fragments = XMLWriter()
        var model = XMLWriter()
        some.write(to: &fragments)
        EC2.DescribeInstancesResult(nextToken: some.nextToken, reservations: some.reservations).write(to: &model)
        let text = fragments.finishShared().bytes
        #expect(text == model.finish() && some.nextToken != nil)
        cloud.become(TestCloud.stranger)
        #expect(try !written().fragments.contains("<instanceId>"))
    }

    @Test("of an older moment is not shown later, nor the other way round")
    mutating func moments() throws {
        let id = try cloud.running()
        let before = cloud
        let interface = cloud.state.interfaces(of: id)[0]
        cloud.transaction.update(interface.id) { (interface: inout NetworkInterfaceRecord) in
            interface.description = "later"
        }
        var older = before
        for _ in 0..<2 {
            #expect(try written().fragments.contains("<description>later</description>"))
            #expect(try !older.written().contains("<description>later</description>"))
        }
    }
}

extension TestCloud {
    fileprivate mutating func written() throws -> String {
        var xml = XMLWriter()
        try perform(DescribeInstances.self, .init()).write(to: &xml)
        return String(decoding: xml.finish(), as: UTF8.self)
    }
}
