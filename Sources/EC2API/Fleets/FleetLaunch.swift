// Launching a fleet of the type `instant`: pool after pool, each launch by itself, until the target is reached.

import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue

struct FleetLaunch {
    let order: FleetOrder
    let id: FleetID
    private(set) var launches: [FleetRecord.Launch] = []
    private(set) var failures: [FleetRecord.Failure] = []

    init(_ order: FleetOrder, _ id: FleetID) { (self.order, self.id) = (order, id) }

    mutating func run(_ pools: FleetPools, in transaction: inout Transaction) {
        for part in order.parts {
            for (source, error) in pools.failures { note(error, source, part.market) }
            launch(part, pools.pools.map { $0.priced(for: part.market, by: transaction.settings.prices) }, &transaction)
        }
    }

    /// Where all have to be of one type or in one zone, the first that reaches the least is taken, else the best of them.
    private mutating func launch(_ part: FleetOrder.Part, _ pools: [FleetPool], _ transaction: inout Transaction) {
        let ordered = FleetAllocation.order(pools, by: part.strategy)
        guard part.isOfOneType || part.isInOneZone else { return fill(part, ordered, &transaction) }
        var best: (units: Double, launch: FleetLaunch, transaction: Transaction)?
        for choice in FleetLaunch.choices(ordered, part) {
            var (attempt, changed) = (self, transaction)
            attempt.fill(part, choice, &changed)
            let units = attempt.units(part.market) - self.units(part.market)
            if best.map({ units > $0.units }) ?? true { best = (units, attempt, changed) }
            if units >= part.units { break }
        }
        guard let best, best.units >= part.leastUnits else {
            failures = best?.launch.failures ?? failures
            return
        }
        (self, transaction) = (best.launch, best.transaction)
    }

    /// The pools that may be used together.
    private static func choices(_ pools: [FleetPool], _ part: FleetOrder.Part) -> [[FleetPool]] {
        func key(_ pool: FleetPool) -> [String] {
            (part.isOfOneType ? [pool.facts.name] : []) + (part.isInOneZone ? [pool.place] : [])
        }
        var keys: [[String]] = []
        for pool in pools where !keys.contains(key(pool)) { keys.append(key(pool)) }
        return keys.map { wanted in pools.filter { key($0) == wanted } }
    }

    /// First each pool's share, then what is left of all of them in turn.
    private mutating func fill(_ part: FleetOrder.Part, _ pools: [FleetPool], _ transaction: inout Transaction) {
        let start = units(part.market)
        let shares = FleetAllocation.shares(of: part.units, over: pools, by: part.strategy)
        for (pool, share) in zip(pools, shares) where share > 0 { launch(share, pool, part, &transaction) }
        for pool in pools {
            let left = part.units - (units(part.market) - start)
            guard left > 0 else { return }
            launch(left, pool, part, &transaction)
        }
    }

    private mutating func launch(
        _ units: Double, _ pool: FleetPool, _ part: FleetOrder.Part, _ transaction: inout Transaction
    ) {
        var count = FleetLaunch.whole((units / pool.weight).rounded(.up))
        if let most = part.mostPerHour, pool.price > 0 {
            let spent = launches.filter { $0.market == part.market }.reduce(0.0) { sum, launch in
                sum + Double(launch.instances.count) * (prices[launch.instanceType] ?? 0)
            }
            count = min(count, FleetLaunch.whole((most - spent) / pool.price))
        }
        let attempt = Attempt(source: pool.source, instanceType: pool.facts.name, market: part.market)
        guard count > 0, !refused.contains(attempt) else { return }
        do throws(EC2Error) {
            let instances = try self.instances(count, pool, part.market, &transaction)
            launches.append(
                FleetRecord.Launch(
                    source: pool.source, market: part.market, instanceType: pool.facts.name, instances: instances,
                    weight: pool.weight))
            prices[pool.facts.name] = pool.price
        } catch {
            refused.insert(attempt)
            note(error, pool.source, part.market)
        }
    }

    /// What was refused once is refused again; another type of the same override may not be.
    private struct Attempt: Hashable {
        let source: [String: String]
        let instanceType: String
        let market: FleetRecord.Market
    }

    private var refused: Set<Attempt> = []

    /// As many instances as a launch can ask for at most.
    private static func whole(_ count: Double) -> Int { Int(min(max(0, count), Double(Int32.max))) }

    /// For an hour of the types that were launched.
    private var prices: [String: Double] = [:]

    /// Up to so many, at least one.
    private func instances(
        _ count: Int, _ pool: FleetPool, _ market: FleetRecord.Market, _ transaction: inout Transaction
    ) throws(EC2Error) -> [InstanceID] {
        var parameters = LaunchParameters(pool.launch)
        parameters["InstanceRequirements"] = nil
        var call = EC2.RunInstancesRequest(maxCount: count, minCount: 1, tagSpecifications: order.instanceTags)
        if market == .spot {
            call.instanceMarketOptions = EC2.InstanceMarketOptionsRequest(
                marketType: .spot,
                spotOptions: EC2.SpotMarketOptions(maxPrice: pool.source["Overrides.MaxPrice"]))
        }
        parameters = parameters.overlaid(with: LaunchParameters(call.parameters))
        let request: EC2.RunInstancesRequest
        do {
            request = try EC2.RunInstancesRequest(parameters: parameters.parameters)
        } catch {
            throw error.refusal(in: .ec2)
        }
        var attempt = transaction
        var order = try LaunchOrder(request, in: attempt)
        order.instanceTags["aws:ec2:fleet-id"] = id.description
        order.instanceTags.merge(pool.templateTags) { $1 }
        let launch = try attempt.launch(order)
        transaction = attempt
        return launch.instances.map(\.id)
    }

    private func units(_ market: FleetRecord.Market) -> Double {
        launches.filter { $0.market == market }.reduce(0) { $0 + Double($1.instances.count) * $1.weight }
    }

    private mutating func note(_ error: EC2Error, _ source: [String: String], _ market: FleetRecord.Market) {
        let isKnown = failures.contains { $0.source == source && $0.market == market && $0.code == error.code }
        guard !isKnown else { return }
        failures.append(
            FleetRecord.Failure(source: source, market: market, code: error.code, message: error.message))
    }
}
