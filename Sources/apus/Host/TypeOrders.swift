// The finder of instance types, on the cloud that serves: with its prices, the room that it has, and what instances use.

import CloudTypes
import ControlPlane
import FoundationEssentials
import InstanceTypeCatalogue
import NodeContract

struct FindOrder: Codable, Sendable {
    var query: FinderQuery
    /// The instance whose use the types are to hold; the query tells what is wanted besides.
    var like: String?
}

struct FindAnswer: Codable, Sendable {
    var use: MeasuredUse?
    var types: [Recommendation]
}

extension OperatorService {
    func findTypes(_ body: [UInt8]) async throws -> FindAnswer {
        let order = try JSONDecoder().decode(FindOrder.self, from: Data(body))
        var query = order.query
        if let like = order.like { query = FinderQuery(holding: try await measuredUse(of: like)).keeping(query) }
        let (records, settings) = (cloud.records, cloud.settings)
        let finder = TypeFinder(prices: settings.prices) { records.room(for: $0, settings) }
        return FindAnswer(use: query.like, types: finder.find(query))
    }

    private func measuredUse(of text: String) async throws -> MeasuredUse {
        let records = cloud.records
        guard let id = InstanceID(text), let instance = records.instances[id], instance.state == .running else {
            throw CommandFailure("No instance \(text) runs.")
        }
        let interfaces = records.networkInterfaces.all(where: IndexKey(.instance, id)).map(\.id)
        let run = GuestRun(instance: id, launch: instance.launch)
        guard let use = try await node.use(of: run, at: interfaces, in: instance.vpc) else {
            throw CommandFailure("The guest of \(text) is off.")
        }
        return MeasuredUse(instance, use)
    }
}

extension MeasuredUse {
    init(_ instance: InstanceRecord, _ use: GuestUse) {
        func mbps(_ bytes: Int) -> Double { Double(bytes) * 8 / 1_000_000 / use.seconds }
        self.init(
            instance: "\(instance.id)", instanceType: instance.instanceType,
            architecture: instance.architecture.rawValue, vCPUs: instance.vCPUs,
            memoryGiB: Double(instance.memoryMiB) / 1_024, seconds: use.seconds,
            busyVCPUs: use.processorSeconds / use.seconds, usedMemoryGiB: Double(use.memoryMiB) / 1_024,
            diskMbps: mbps(use.diskBytes), networkMbps: mbps(use.networkBytes))
    }
}

extension FinderQuery {
    /// How the answer is to be shown, and where it must run, as another query says.
    fileprivate func keeping(_ other: FinderQuery) -> FinderQuery {
        var query = self
        (query.mustFit, query.limit, query.showsEverySize) = (other.mustFit, other.limit, other.showsEverySize)
        query.includesPreviousGeneration = other.includesPreviousGeneration
        return query
    }
}
