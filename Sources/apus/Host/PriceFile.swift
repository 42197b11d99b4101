// The operator's own prices: `prices.json` in the state directory, read when Apus starts.

import FoundationEssentials
import InstanceTypeCatalogue

extension StateDirectory {
    var prices: String { path + "/prices.json" }

    /// What the operator's file says, the built-in table where there is none.
    ///
    /// - Throws: ``CommandFailure`` that says what is wrong with the file.
    func priceTable() throws(CommandFailure) -> PriceTable {
        guard let data = FileManager.default.contents(atPath: prices) else { return .standard }
        do {
            return try JSONDecoder().decode(PriceTable.self, from: data)
        } catch DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context) {
            let place = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw CommandFailure("\(prices): \(place.isEmpty ? "" : "\(place): ")\(context.debugDescription)")
        } catch {
            throw CommandFailure("\(prices): \(error)")
        }
    }
}
