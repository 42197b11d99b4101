import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue
import Testing

@testable import EC2API

@Suite("Instance types")
struct InstanceTypeTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func names(_ filters: [String: [String]]) throws -> [String] {
        let filters = filters.map { EC2.Filter(name: $0.key, values: $0.value) }
        return try cloud.perform(DescribeInstanceTypes.self, .init(filters: filters)).types.map(\.name)
    }

    private func xml(_ output: InstanceTypeList) -> String {
        var xml = XMLWriter()
        output.write(to: &xml)
        return String(decoding: xml.finish(), as: UTF8.self)
    }

    @Test("are described whole")
    mutating func whole() throws {
        let output = try cloud.perform(DescribeInstanceTypes.self, .init())
        #expect(output.types.count == InstanceTypeCatalogue.shared.count && output.nextToken == nil)
        let text = xml(output)
        #expect(text.hasPrefix("<instanceTypeSet><item><instanceType>") && text.hasSuffix("</item></instanceTypeSet>"))
    }

    @Test("are described by name, each once")
    mutating func named() throws {
        let input = EC2.DescribeInstanceTypesRequest(instanceTypes: ["t3.micro", "m5.large", "t3.micro"])
        let output = try cloud.perform(DescribeInstanceTypes.self, input)
        #expect(output.types.map(\.name) == ["m5.large", "t3.micro"])
        let text = xml(output)
        for part in [
            "<instanceType>t3.micro</instanceType>", "<memoryInfo><sizeInMiB>1024</sizeInMiB></memoryInfo>",
            "<supportedBootModes><item>legacy-bios</item><item>uefi</item></supportedBootModes>",
        ] {
            #expect(text.contains(part))
        }
        #expect(!text.contains("supportedInRegion"))
        let told = try cloud.perform(
            DescribeInstanceTypes.self, .init(instanceTypes: ["t3.micro"], includeUnsupportedInRegion: true))
        #expect(xml(told).contains("<supportedInRegion>true</supportedInRegion>"))
    }

    @Test("that do not exist are named in the refusal")
    mutating func unknown() {
        let error = #expect(throws: EC2Error.self) {
            try cloud.perform(DescribeInstanceTypes.self, .init(instanceTypes: ["t3.micro", "t3.huge", "x"]))
        }
        #expect(error?.code == "InvalidInstanceType")
        #expect(error?.message == "The following supplied instance types do not exist: [t3.huge, x]")
    }

    @Test("are found by filters")
    mutating func filtered() throws {
        #expect(
            try names(["burstable-performance-supported": ["true"], "memory-info.size-in-mib": ["1024"]])
                == ["t2.micro", "t3.micro", "t3a.micro", "t4g.micro"])
        #expect(try names(["instance-type": ["t4g.*"]]).allSatisfy { $0.hasPrefix("t4g.") })
        #expect(try names(["bare-metal": ["true"], "instance-type": ["m5.*"]]) == ["m5.metal"])
        #expect(try names(["hypervisor": ["xen"], "processor-info.supported-architecture": ["arm64"]]) == [])
        #expect(try names(["instance-storage-info.disk.type": ["hdd"], "current-generation": ["true"]]).count > 5)
        #expect(
            cloud.refusal(of: DescribeInstanceTypes.self, .init(filters: [.init(name: "x", values: ["y"])]))
                == "InvalidParameterValue")
    }

    @Test("have a value for every documented filter on some type")
    mutating func everyFilter() throws {
        let fewHave = ["processor-info.supported-features", "network-info.bandwidth-weightings"]
        for name in [
            "auto-recovery-supported", "dedicated-hosts-supported", "ebs-info.attachment-limit-type",
            "ebs-info.ebs-optimized-info.baseline-iops", "ebs-info.ebs-optimized-info.maximum-throughput-in-mbps",
            "ebs-info.nvme-support", "free-tier-eligible", "instance-storage-info.total-size-in-gb",
            "network-info.efa-info.maximum-efa-interfaces", "network-info.ena-support",
            "network-info.ipv4-addresses-per-interface", "network-info.network-performance",
            "nitro-tpm-info.supported-versions", "processor-info.sustained-clock-speed-in-ghz",
            "reboot-migration-support", "supported-usage-class", "supported-virtualization-type",
            "vcpu-info.default-cores", "vcpu-info.valid-cores", "vcpu-info.valid-threads-per-core",
        ] + fewHave {
            #expect(try !names([name: ["*"]]).isEmpty, "\(name)")
        }
    }

    @Test("come in pages")
    mutating func pages() throws {
        var input = EC2.DescribeInstanceTypesRequest(
            filters: [.init(name: "instance-type", values: ["m5*"])], maxResults: 7)
        var seen: [String] = []
        repeat {
            let page = try cloud.perform(DescribeInstanceTypes.self, input)
            #expect(page.types.count <= 7)
            seen += page.types.map(\.name)
            input.nextToken = page.nextToken
        } while input.nextToken != nil
        #expect(try seen == names(["instance-type": ["m5*"]]))
    }

    @Test("are offered in the region and in each zone")
    mutating func offerings() throws {
        func offered(_ kind: EC2.LocationType?) throws -> [EC2.InstanceTypeOffering] {
            let filter = EC2.Filter(name: "instance-type", values: ["t3.micro"])
            return try cloud.perform(
                DescribeInstanceTypeOfferings.self, .init(locationType: kind, filters: [filter])
            ).instanceTypeOfferings
        }
        #expect(try offered(nil).map(\.location) == ["us-east-1"])
        #expect(try offered(.availabilityZone).map(\.location) == ["us-east-1a", "us-east-1b", "us-east-1c"])
        #expect(try offered(.availabilityZoneID).map(\.location) == ["use1-az1", "use1-az2", "use1-az3"])
        #expect(try offered(.outpost).isEmpty)
        let zone = EC2.Filter(name: "location", values: ["us-east-1b"])
        var input = EC2.DescribeInstanceTypeOfferingsRequest(
            locationType: .availabilityZone, filters: [zone], maxResults: 500)
        var count = 0
        repeat {
            let page = try cloud.perform(DescribeInstanceTypeOfferings.self, input)
            count += page.instanceTypeOfferings.count
            input.nextToken = page.nextToken
        } while input.nextToken != nil
        #expect(count == InstanceTypeCatalogue.shared.count)
    }
}
