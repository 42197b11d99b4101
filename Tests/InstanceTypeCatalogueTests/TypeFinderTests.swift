import Testing

@testable import InstanceTypeCatalogue

@Suite("The finder of instance types")
struct TypeFinderTests {
    private let finder = TypeFinder(prices: .standard)

    private func names(_ query: FinderQuery) -> [String] { finder.find(query).map(\.instanceType) }

    private func facts(_ name: String) throws -> InstanceTypeFacts {
        try #require(InstanceTypeCatalogue.facts(of: name))
    }

    @Test("says the same each time, best first, each family once, each with reasons", arguments: Workload.allCases)
    func order(of workload: Workload) throws {
        let found = finder.find(workload.query)
        #expect(found == finder.find(workload.query))
        #expect(found.count == 10)
        #expect(found.map(\.score) == found.map(\.score).sorted(by: >))
        #expect(found.allSatisfy { (0...100).contains($0.score) && $0.reasons.count >= 2 && $0.onDemandPrice > 0 })
        #expect(try Set(found.map { try facts($0.instanceType).family }).count == 10)
    }

    @Test("puts GPUs first for machine learning, and none where they do not matter")
    func machineLearning() throws {
        for type in finder.find(Workload.machineLearning.query) {
            #expect(try facts(type.instanceType).gpuCount > 0)
            #expect(type.reasons.contains { $0.contains("GiB each") })
        }
        for workload in Workload.allCases where workload != .machineLearning {
            for name in names(workload.query) { #expect(try facts(name).accelerators.isEmpty, "\(workload) \(name)") }
        }
    }

    @Test("prefers memory and bandwidth to EBS for a database, processors for a batch")
    func shapes() throws {
        for name in names(Workload.database.query).prefix(3) {
            let facts = try facts(name)
            #expect(facts.memoryMiB >= 4 * 1024 * facts.vCPUs, "\(name)")
        }
        let best = try facts(names(Workload.database.query)[0])
        #expect(try best.ebs.baselineBandwidthMbps ?? 0 > facts("r5.xlarge").ebs.baselineBandwidthMbps ?? .max)
        for name in names(Workload.batch.query).prefix(3) { #expect(name.hasPrefix("c"), "\(name)") }
        #expect(names(Workload.web.query)[0].hasPrefix("t"))
        for name in names(Workload.analytics.query) { #expect(try facts(name).instanceStore != nil) }
        for name in names(Workload.cache.query).prefix(3) {
            let facts = try facts(name)
            #expect(facts.memoryMiB >= 8 * 1024 * facts.vCPUs, "\(name)")
        }
    }

    @Test("counts a burstable type by what it can give of the load")
    func load() throws {
        var query = Workload.web.query
        query.load = 1
        #expect(!names(query)[0].hasPrefix("t"))
        let small = try facts("t3.medium")
        query.load = 0.2
        #expect(query.amount(.cpu, in: small) == 2)
        query.load = 0.4
        #expect(query.amount(.cpu, in: small) == 1)
    }

    @Test("never ranks a type behind another for giving more of what matters more", arguments: FinderAspect.allCases)
    func monotone(aspect: FinderAspect) {
        let candidates = InstanceTypeCatalogue.shared.all.compactMap { InstanceTypeCatalogue.facts(of: $0.name) }
            .filter { $0.vCPUs == 8 && !$0.isBareMetal }
            .map { FinderCandidate(facts: $0, price: PriceTable.standard.onDemand($0), fitsNow: nil) }
        var query = FinderQuery(weights: [.cpu: 1, .memory: 1, .gpu: 1, .storage: 1, .localStorage: 1, .network: 1])
        let before = FinderField(candidates, for: query)
        query.weights[aspect] = 3
        let after = FinderField(candidates, for: query)
        for left in candidates {
            for right in candidates where before.score(left) >= before.score(right) {
                guard before.share(aspect, left) >= before.share(aspect, right) else { continue }
                #expect(after.score(left) >= after.score(right) - 1e-9, "\(left.facts.name) \(right.facts.name)")
            }
        }
    }

    @Test("looks only at proportions of weights")
    func proportions() {
        let (light, heavy) = (
            FinderQuery(weights: [.cpu: 1, .memory: 2]), FinderQuery(weights: [.cpu: 5, .memory: 10])
        )
        #expect(names(light) == names(heavy))
    }

    @Test("keeps to what must be there")
    func bounds() throws {
        var query = FinderQuery(weights: [.memory: 1])
        (query.leastVCPUs, query.mostVCPUs, query.mostMemoryGiB) = (4, 4, 16)
        query.architecture = "arm64"
        for name in names(query) {
            let facts = try facts(name)
            #expect(
                facts.vCPUs == 4 && facts.memoryMiB <= 16_384 && facts.architectures.contains { "\($0)" == "arm64" })
        }
        query.limit = 2
        #expect(names(query).count == 2)
        query.leastMemoryGiB = 17
        #expect(names(query).isEmpty)
    }

    @Test("tells how many more fit, and shows only those that do where it must")
    func room() {
        let finder = TypeFinder(prices: .standard) { $0.family == "c5" ? 3 : 0 }
        var query = Workload.batch.query
        #expect(finder.find(query).contains { $0.reasons.contains("does not fit on this cloud now") })
        query.mustFit = true
        let found = finder.find(query)
        #expect(found.map(\.fitsNow) == [] || found.allSatisfy { $0.fitsNow == 3 })
        query.includesPreviousGeneration = true
        #expect(finder.find(query).map(\.instanceType) == ["c5.2xlarge"])
        #expect(self.finder.find(query).isEmpty)
    }

    @Test("follows the prices of the operator")
    func prices() {
        var prices = PriceTable.standard
        prices.families["c7i"] = 0.01
        #expect(TypeFinder(prices: prices).find(Workload.batch.query)[0].instanceType.hasPrefix("c7i."))
    }
}

@Suite("Figures of burstable types")
struct BurstableFiguresTests {
    @Test("are AWS's")
    func table() throws {
        func figures(_ name: String) throws -> BurstableFigures? {
            BurstableFigures(of: try #require(InstanceTypeCatalogue.facts(of: name)))
        }
        let micro = try #require(try figures("t3.micro"))
        #expect((micro.creditsPerHour, micro.cap, micro.baseline) == (12, 288, 0.1))
        #expect(micro.isUnlimitedByDefault && micro.keepsBalanceWhenStopped && micro.launchCredits == 0)
        let old = try #require(try figures("t2.2xlarge"))
        #expect((old.creditsPerHour, old.launchCredits) == (81.6, 240))
        #expect(!old.isUnlimitedByDefault && !old.keepsBalanceWhenStopped)
        #expect(try figures("m5.large") == nil)
        for family in ["t2", "t3", "t3a", "t4g"] {
            for size in ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"] {
                #expect(try figures("\(family).\(size)") != nil)
            }
        }
    }
}
