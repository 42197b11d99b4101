import Testing

@testable import InstanceTypeCatalogue

@Suite("Types for what an instance uses")
struct MeasuredUseTests {
    private let finder = TypeFinder(prices: .standard)

    private func use(
        of type: String, busy: Double, memoryGiB: Double = 0.5, diskMbps: Double = 0, networkMbps: Double = 0
    ) throws -> MeasuredUse {
        let facts = try #require(InstanceTypeCatalogue.facts(of: type))
        return MeasuredUse(
            instance: "i-1", instanceType: type, architecture: "x86_64", vCPUs: facts.vCPUs,
            memoryGiB: Double(facts.memoryMiB) / 1_024, seconds: 7_200, busyVCPUs: busy, usedMemoryGiB: memoryGiB,
            diskMbps: diskMbps, networkMbps: networkMbps)
    }

    private func found(_ use: MeasuredUse) throws -> [(facts: InstanceTypeFacts, reasons: [String])] {
        try finder.find(FinderQuery(holding: use)).map {
            (try #require(InstanceTypeCatalogue.facts(of: $0.instanceType)), $0.reasons)
        }
    }

    @Test("are burstable for one that is seldom busy, and say why")
    func idle() throws {
        let best = try #require(try found(try use(of: "m5.large", busy: 0.16)).first)
        #expect(best.facts.isBurstable)
        #expect(best.reasons.contains { $0.hasPrefix("uses 8 % of 2 vCPUs: a burstable type would do") })
        #expect(best.reasons.contains { $0.hasSuffix("% cheaper than m5.large") })
    }

    @Test("are found for one whose type costs nothing")
    func free() throws {
        var prices = PriceTable.standard
        prices.types["m5.large"] = 0
        let found = TypeFinder(prices: prices).find(FinderQuery(holding: try use(of: "m5.large", busy: 0.16)))
        #expect(!found.isEmpty)
        #expect(!found.contains { $0.reasons.contains { $0.contains("than m5.large") } })
    }

    @Test("give for good what was used, a quarter more", arguments: [0.1, 0.5, 1.9, 7.0])
    func processors(busy: Double) throws {
        let all = try found(try use(of: "m5.4xlarge", busy: busy))
        #expect(!all.isEmpty)
        for (facts, _) in all {
            let share = BurstableFigures(of: facts)?.baseline ?? 1
            #expect(share * Double(facts.vCPUs) >= busy * 1.25, "\(facts.name)")
        }
    }

    @Test("hold memory, disks and network")
    func others() throws {
        let all = try found(
            try use(of: "m5.4xlarge", busy: 0.2, memoryGiB: 20, diskMbps: 2_000, networkMbps: 1_600))
        #expect(!all.isEmpty)
        for (facts, _) in all {
            #expect(facts.memoryMiB >= 25 * 1_024)
            #expect((facts.ebs.baselineBandwidthMbps ?? 0) >= 2_500)
            #expect(facts.network.totalBaselineGbps >= 2)
            #expect(facts.architectures.contains { "\($0)" == "x86_64" })
        }
    }

    @Test("come the cheapest first, those that fit before those that do not")
    func order() throws {
        let query = FinderQuery(holding: try use(of: "m5.large", busy: 0.16))
        let prices = finder.find(query).map(\.onDemandPrice)
        #expect(prices == prices.sorted())
        let narrow = TypeFinder(prices: .standard) { $0.family == "m7i" ? 1 : 0 }
        let found = narrow.find(query)
        #expect(found.first?.instanceType == "m7i.large")
        #expect(found.dropFirst().allSatisfy { $0.reasons.contains("does not fit on this cloud now") })
    }

    @Test(
        "read what DescribeInstanceTypes tells of networks",
        arguments: [("m5.large", 10.0), ("p4d.24xlarge", 400), ("c5n.18xlarge", 100), ("t2.micro", nil)])
    func performance(name: String, gbps: Double?) throws {
        #expect(try #require(InstanceTypeCatalogue.facts(of: name)).network.performanceGbps == gbps)
    }
}
