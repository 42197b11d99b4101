// The finder of instance types, on the cloud that serves: with its prices and the room that it has.

import ControlPlane
import FoundationEssentials
import InstanceTypeCatalogue

extension OperatorService {
    func findTypes(_ body: [UInt8]) throws -> [Recommendation] {
        let query = try JSONDecoder().decode(FinderQuery.self, from: Data(body))
        let (records, settings) = (cloud.records, cloud.settings)
        return TypeFinder(prices: settings.prices) { records.room(for: $0, settings) }.find(query)
    }
}
