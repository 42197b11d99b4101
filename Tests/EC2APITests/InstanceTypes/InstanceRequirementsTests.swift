import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue
import Testing

@testable import EC2API

@Suite("Instance types by their attributes")
struct InstanceRequirementsTests {
    private typealias Wish = EC2.InstanceRequirementsRequest
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private func input(
        _ architectures: [EC2.ArchitectureType] = [.x86_64], _ change: (inout Wish) -> Void = { _ in }
    ) -> EC2.GetInstanceTypesFromInstanceRequirementsRequest {
        var wish = Wish(vCPUCount: .init(min: 0), memoryMiB: .init(min: 0))
        change(&wish)
        return .init(architectureTypes: architectures, virtualizationTypes: [.hvm], instanceRequirements: wish)
    }

    private mutating func names(
        _ architectures: [EC2.ArchitectureType] = [.x86_64], _ change: (inout Wish) -> Void = { _ in }
    ) throws -> [String] {
        try cloud.perform(GetInstanceTypesFromInstanceRequirements.self, input(architectures, change))
            .instanceTypes.compactMap(\.instanceType)
    }

    private mutating func refusal(_ change: (inout Wish) -> Void) -> String? {
        cloud.refusal(of: GetInstanceTypesFromInstanceRequirements.self, input([.x86_64], change))
    }

    @Test("leave out bare metal and burstable types unless they are asked for")
    mutating func defaults() throws {
        let plain = try names()
        #expect(plain.contains("m5.large") && plain == plain.sorted())
        #expect(!plain.contains { $0.contains("metal") || $0.hasPrefix("t3.") })
        #expect(try names { $0.bareMetal = .included }.count > plain.count)
        #expect(try names { $0.bareMetal = .required }.allSatisfy { $0.contains("metal") })
        let burstable = try names { $0.burstablePerformance = .required }
        #expect(burstable.contains("t2.micro") && burstable.allSatisfy { $0.hasPrefix("t") })
    }

    @Test("are bounded at both ends, the ends included")
    mutating func bounds() throws {
        let small = try names {
            $0.vCPUCount = .init(min: 2, max: 2)
            $0.memoryMiB = .init(min: 8192, max: 8192)
            $0.instanceGenerations = [.current]
            $0.allowedInstanceTypes = ["m7*"]
        }
        #expect(small == ["m7a.large", "m7i-flex.large", "m7i.large"])
        #expect(try names { $0.memoryGiBPerVCPU = .init(min: 8, max: 8) }.contains("r5.large"))
        #expect(try !names { $0.memoryGiBPerVCPU = .init(min: 8.1) }.contains("r5.large"))
    }

    @Test("are allowed and excluded by patterns of names")
    mutating func patterns() throws {
        #expect(try names { $0.allowedInstanceTypes = ["m5.8xlarge", "c5a.l*"] } == ["c5a.large", "m5.8xlarge"])
        let rest = try names { $0.excludedInstanceTypes = ["c5*", "*.large"] }
        #expect(!rest.contains { $0.hasPrefix("c5") || $0.hasSuffix(".large") } && rest.contains("m5.xlarge"))
        #expect(
            refusal {
                $0.allowedInstanceTypes = ["m5*"]
                $0.excludedInstanceTypes = ["m5a*"]
            } == "InvalidParameterCombination")
    }

    @Test("have the processor's maker, the architecture and the accelerators asked for")
    mutating func makers() throws {
        #expect(try names { $0.cpuManufacturers = [.amd] }.contains("m5a.large"))
        #expect(try !names { $0.cpuManufacturers = [.amd] }.contains("m5.large"))
        #expect(try names([.arm64]) { $0.cpuManufacturers = [.amazonWebServices] }.contains("m6g.large"))
        let graphics = try names { $0.acceleratorNames = [.t4] }
        #expect(graphics.contains("g4dn.xlarge") && graphics.allSatisfy { $0.hasPrefix("g4dn.") })
        #expect(try names { $0.acceleratorTypes = [.fpga] }.allSatisfy { $0.hasPrefix("f") })
        #expect(try names { $0.acceleratorManufacturers = [.habana] } == ["dl1.24xlarge"])
        #expect(try names { $0.acceleratorNames = [.trainium] }.contains("trn1.2xlarge"))
        #expect(try names { $0.acceleratorCount = .init(min: 8, max: 8) }.contains("p4d.24xlarge"))
        let none = try names { $0.acceleratorCount = .init(max: 0) }
        #expect(!none.contains { $0.hasPrefix("g6f.") || $0.hasPrefix("inf") } && none.contains("m5.large"))
    }

    @Test("have the storage and bandwidth asked for")
    mutating func storage() throws {
        let disks = try names {
            $0.localStorage = .required
            $0.localStorageTypes = [.hdd]
        }
        #expect(disks.contains("d3.xlarge") && !disks.contains("m5d.large"))
        #expect(try names { $0.localStorage = .excluded }.allSatisfy { !$0.hasPrefix("m5d.") })
        let either = try names { $0.localStorageTypes = [.ssd] }
        #expect(either.contains("m5.large") && either.contains("m5d.large") && !either.contains("d3.xlarge"))
        let fast = try names { $0.networkBandwidthGbps = .init(min: 100) }
        #expect(fast.contains("c5n.18xlarge") && fast.contains("p4d.24xlarge") && !fast.contains("m5.large"))
        #expect(try names { $0.baselineEBSBandwidthMbps = .init(min: 10_000) }.contains("r5b.8xlarge"))
        #expect(try !names { $0.networkInterfaceCount = .init(min: 15) }.contains("m5.large"))
    }

    @Test("cost no more than a threshold above the cheapest of the common families, where one is named")
    mutating func prices() throws {
        let all = try names { $0.vCPUCount = .init(min: 4, max: 4) }
        let near = try names {
            $0.vCPUCount = .init(min: 4, max: 4)
            $0.onDemandMaxPricePercentageOverLowestPrice = 20
        }
        #expect(near.contains("c6a.xlarge") && !near.contains("g4dn.xlarge") && all.contains("g4dn.xlarge"))
        let spot = try names {
            $0.vCPUCount = .init(min: 4, max: 4)
            $0.maxSpotPriceAsPercentageOfOptimalOnDemandPrice = 10
        }
        #expect(spot.isEmpty)
    }

    @Test("are refused where the wish contradicts itself or cannot be judged")
    mutating func refused() {
        #expect(refusal { $0.vCPUCount = .init(min: 4, max: 2) } == "InvalidParameterValue")
        #expect(refusal { $0.memoryMiB = .init(min: -1) } == "InvalidParameterValue")
        #expect(refusal { $0.networkBandwidthGbps = .init(min: .nan) } == "InvalidParameterValue")
        #expect(refusal { $0.onDemandMaxPricePercentageOverLowestPrice = -5 } == "InvalidParameterValue")
        #expect(
            refusal {
                $0.spotMaxPricePercentageOverLowestPrice = 5
                $0.maxSpotPriceAsPercentageOfOptimalOnDemandPrice = 5
            } == "InvalidParameterCombination")
        #expect(
            refusal {
                $0.baselinePerformanceFactors = .init(cpu: .init(references: [.init(instanceFamily: "c6i")]))
            } == "UnsupportedOperation")
    }

    @Test("come in pages")
    mutating func pages() throws {
        var request = input()
        request.maxResults = 100
        var seen: [String] = []
        repeat {
            let page = try cloud.perform(GetInstanceTypesFromInstanceRequirements.self, request)
            #expect(page.instanceTypes.count <= 100)
            seen += page.instanceTypes.compactMap(\.instanceType)
            request.nextToken = page.nextToken
        } while request.nextToken != nil
        #expect(try seen == names())
    }
}
