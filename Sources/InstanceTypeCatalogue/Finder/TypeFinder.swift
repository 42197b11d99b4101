// Which instance types suit a wish best, and why. A pure function of the wish, the prices and the room there is, for the
// command line and for whoever else shows it.
//
// Each type is measured by how much of an aspect it gives for its price, as a share of the most that any fitting type
// gives. The score is the mean of the shares by their weights. So a heavier weight never ranks a type that gives more of
// that aspect behind one that gives less and stood behind it before. Of each family one size is shown: the cheapest of
// those that are nearly as good as its best. What does not fit on this cloud now comes after all that does.

package struct Recommendation: Sendable, Equatable, Codable {
    package var instanceType: String
    /// 0 to 100.
    package var score: Double
    package var vCPUs: Int
    package var memoryGiB: Double
    /// Relative prices of an hour.
    package var onDemandPrice: Double
    package var spotPrice: Double
    /// How many more would fit on this cloud now; nil: not known.
    package var fitsNow: Int?
    package var reasons: [String]
}

package struct TypeFinder: Sendable {
    private let prices: PriceTable
    private let room: @Sendable (InstanceTypeFacts) -> Int?

    /// - Parameter room: how many more of a type fit on the cloud now; nil where that is not known.
    package init(prices: PriceTable, room: @escaping @Sendable (InstanceTypeFacts) -> Int? = { _ in nil }) {
        (self.prices, self.room) = (prices, room)
    }

    /// Best first; the cheaper, then the earlier name, of equals.
    package func find(_ query: FinderQuery) -> [Recommendation] {
        let field = FinderField(candidates(query), for: query, prices: prices)
        let families = Dictionary(grouping: field.candidates, by: \.facts.family).values
        let shown = query.showsEverySize ? field.candidates : families.compactMap(field.cheapestOfBest)
        let best = shown.sorted { field.rank($0) < field.rank($1) }
        return best.prefix(max(0, query.limit)).map { recommendation($0, in: field) }
    }

    private func candidates(_ query: FinderQuery) -> [FinderCandidate] {
        InstanceTypeCatalogue.shared.all.compactMap { type in
            guard let facts = InstanceTypeCatalogue.facts(of: type.name), query.admits(facts) else { return nil }
            let fits = room(facts)
            guard !query.mustFit || (fits ?? 0) > 0 else { return nil }
            return FinderCandidate(facts: facts, price: prices.onDemand(facts), fitsNow: fits)
        }
    }

    private func recommendation(_ candidate: FinderCandidate, in field: FinderField) -> Recommendation {
        let facts = candidate.facts
        return Recommendation(
            instanceType: facts.name, score: (field.score(candidate) * 100).rounded(toDigits: 1), vCPUs: facts.vCPUs,
            memoryGiB: FinderAspect.memory.amount(in: facts), onDemandPrice: candidate.price,
            spotPrice: prices.spot(facts), fitsNow: candidate.fitsNow,
            reasons: FinderReasons(field: field, candidate: candidate, like: field.like).all)
    }
}

struct FinderCandidate: Sendable {
    let facts: InstanceTypeFacts
    let price: Double
    let fitsNow: Int?
    /// Where that is not known it counts as one that does.
    var fits: Bool { fitsNow != 0 }
}

/// The types that fit, and the most that any of them gives of each aspect that matters.
struct FinderField: Sendable {
    let candidates: [FinderCandidate]
    /// The heaviest first.
    let aspects: [(aspect: FinderAspect, weight: Double)]
    private let query: FinderQuery
    var like: MeasuredUse? { query.like }
    private let prices: PriceTable
    private let most: [FinderAspect: Double]
    let leastPrice: Double

    init(_ candidates: [FinderCandidate], for query: FinderQuery, prices: PriceTable = .standard) {
        (self.candidates, self.query, self.prices) = (candidates, query, prices)
        let matters = FinderAspect.allCases.compactMap { aspect in
            query.weights[aspect].map { (aspect: aspect, weight: $0) }
        }
        leastPrice = candidates.map(\.price).min() ?? 0
        aspects = matters.filter { $0.weight > 0 }.sorted { $0.weight > $1.weight }
        most = Dictionary(
            uniqueKeysWithValues: aspects.map { pair in
                (pair.aspect, candidates.map { FinderField.yield(pair.aspect, $0, query) }.max() ?? 0)
            })
    }

    /// What the type gives for its price. One that costs nothing counts as one that costs next to nothing.
    private static func yield(_ aspect: FinderAspect, _ candidate: FinderCandidate, _ query: FinderQuery) -> Double {
        query.amount(aspect, in: candidate.facts) / max(candidate.price, 0.0001)
    }

    /// 0 to 1: what the type gives for its price against the most that any gives.
    func share(_ aspect: FinderAspect, _ candidate: FinderCandidate) -> Double {
        guard let most = most[aspect], most > 0 else { return 0 }
        return FinderField.yield(aspect, candidate, query) / most
    }

    func score(_ candidate: FinderCandidate) -> Double {
        let total = aspects.reduce(0) { $0 + $1.weight }
        guard total > 0 else { return max(leastPrice, 0.0001) / max(candidate.price, 0.0001) }
        return aspects.reduce(0) { $0 + $1.weight * share($1.aspect, candidate) } / total
    }

    /// The per cent of the types that fit which give less of the aspect for their price.
    func percentBelow(_ aspect: FinderAspect, _ candidate: FinderCandidate) -> Int {
        guard candidates.count > 1 else { return 0 }
        let own = FinderField.yield(aspect, candidate, query)
        return candidates.count { FinderField.yield(aspect, $0, query) < own } * 100 / (candidates.count - 1)
    }

    /// nil where there is no such type.
    func price(of type: String) -> Double? { InstanceTypeCatalogue.facts(of: type).map(prices.onDemand) }

    func cheapestOfBest(_ family: [FinderCandidate]) -> FinderCandidate? {
        let fitting = family.filter(\.fits)
        let family = fitting.isEmpty ? family : fitting
        let best = family.map(score).max() ?? 0
        return family.filter { score($0) >= best * 0.95 }
            .min { ($0.price, $0.facts.name) < ($1.price, $1.facts.name) }
    }

    func rank(_ candidate: FinderCandidate) -> (Int, Double, Double, String) {
        (candidate.fits ? 0 : 1, -score(candidate).rounded(toDigits: 9), candidate.price, candidate.facts.name)
    }
}
