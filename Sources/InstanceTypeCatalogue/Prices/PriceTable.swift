// What an hour of each instance type costs, as figures that compare types with each other. They are nobody's prices:
// a type costs what its parts cost, by a few rates that the operator may change, and no rate was taken from a price list.

/// Relative prices of instance types. One place decides them, for the finder, for price protection and for spot.
///
/// An hour costs the sum of vCPUs, GiB, accelerators' memory, local storage and baseline network bandwidth, each times its
/// rate; vCPUs and memory times the factor of the processor's maker, the sum times the factor of the family. A burstable
/// type costs by its memory alone, as its vCPUs are shares. A price named for a type replaces all of that.
package struct PriceTable: Sendable, Equatable, Codable {
    package var rates = Rates()
    /// By the processor's maker as the catalogue spells it; 1 where none is named.
    package var processors = ["AMD": 0.9, "AWS": 0.8, "Apple": 2]
    /// By family (`p4d`), else by the letters that families begin with (`p`); 1 where none is named.
    package var families = ["p": 2.4, "trn": 1.4]
    /// An hour of a type, whatever its parts.
    package var types: [String: Double] = [:]
    /// The share of the on-demand price that an hour of a spot instance costs, in per cent.
    package var spotPercent = 30.0

    /// Per hour, each for one of what it is named after.
    package struct Rates: Sendable, Equatable, Codable {
        package var vCPU = 0.035
        package var memoryGiB = 0.0035
        package var burstableMemoryGiB = 0.0105
        package var acceleratorMemoryGiB = 0.0175
        package var localSSDGB = 0.0001
        package var localHDDGB = 0.00004
        package var networkGbps = 0.0035
        package init() {}
    }

    package static let standard = PriceTable()
    package init() {}

    /// An hour on demand, rounded to four digits after the point; never 0 but where the operator says so.
    package func onDemand(_ facts: InstanceTypeFacts) -> Double {
        let price = types[facts.name] ?? sumOfParts(facts) * factor(ofFamily: facts.family)
        return price.rounded(toDigits: 4)
    }

    /// An hour as a spot instance: always the same share of the on-demand price.
    package func spot(_ facts: InstanceTypeFacts) -> Double {
        (onDemand(facts) * spotPercent / 100).rounded(toDigits: 4)
    }

    private func sumOfParts(_ facts: InstanceTypeFacts) -> Double {
        let memoryGiB = Double(facts.memoryMiB) / 1024
        let machine =
            facts.isBurstable
            ? memoryGiB * rates.burstableMemoryGiB : Double(facts.vCPUs) * rates.vCPU + memoryGiB * rates.memoryGiB
        let accelerators = facts.accelerators.reduce(0) { $0 + Double($1.totalMemoryMiB) / 1024 }
        let disks = facts.instanceStore?.disks.reduce(0) { sum, disk in
            sum + Double(disk.sizeGB * disk.count) * (disk.type == "hdd" ? rates.localHDDGB : rates.localSSDGB)
        }
        let network = facts.isBurstable ? 0 : facts.network.totalBaselineGbps * rates.networkGbps
        return machine * (processors[facts.processorManufacturer] ?? 1) + accelerators * rates.acceleratorMemoryGiB
            + (disks ?? 0) + network
    }

    private func factor(ofFamily family: String) -> Double {
        families[family] ?? families[String(family.prefix { $0.isLetter })] ?? 1
    }
}

extension PriceTable {
    private enum CodingKeys: String, CodingKey, CaseIterable { case rates, processors, families, types, spotPercent }

    /// What is not said stays as it is built in; a name in `processors`, `families` or `types` replaces that name alone.
    ///
    /// - Throws: `DecodingError` for a member that there is not, a type that there is not, a figure below 0.
    package init(from decoder: any Decoder) throws {
        self.init()
        try decoder.refuseMembers(beyond: CodingKeys.allCases.map(\.rawValue))
        let table = try decoder.container(keyedBy: CodingKeys.self)
        rates = try table.decodeIfPresent(Rates.self, forKey: .rates) ?? rates
        processors.merge(try table.figures(.processors)) { $1 }
        families.merge(try table.figures(.families)) { $1 }
        types = try table.figures(.types)
        if let stranger = types.keys.sorted().first(where: { InstanceTypeCatalogue.shared[$0] == nil }) {
            throw table.refusal(.types, "there is no instance type \(stranger)")
        }
        spotPercent = try table.decodeIfPresent(Double.self, forKey: .spotPercent) ?? spotPercent
        guard (0...100).contains(spotPercent) else { throw table.refusal(.spotPercent, "it is 0 to 100") }
    }
}

extension PriceTable.Rates {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case vCPU, memoryGiB, burstableMemoryGiB, acceleratorMemoryGiB, localSSDGB, localHDDGB, networkGbps
    }

    package init(from decoder: any Decoder) throws {
        self.init()
        try decoder.refuseMembers(beyond: CodingKeys.allCases.map(\.rawValue))
        let rates = try decoder.container(keyedBy: CodingKeys.self)
        vCPU = try rates.figure(.vCPU) ?? vCPU
        memoryGiB = try rates.figure(.memoryGiB) ?? memoryGiB
        burstableMemoryGiB = try rates.figure(.burstableMemoryGiB) ?? burstableMemoryGiB
        acceleratorMemoryGiB = try rates.figure(.acceleratorMemoryGiB) ?? acceleratorMemoryGiB
        localSSDGB = try rates.figure(.localSSDGB) ?? localSSDGB
        localHDDGB = try rates.figure(.localHDDGB) ?? localHDDGB
        networkGbps = try rates.figure(.networkGbps) ?? networkGbps
    }
}

/// Any name of a member.
private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    fileprivate func refuseMembers(beyond known: [String]) throws {
        let members = try container(keyedBy: AnyKey.self)
        guard let stranger = members.allKeys.first(where: { !known.contains($0.stringValue) }) else { return }
        throw members.refusal(stranger, "it is none of \(known.joined(separator: ", "))")
    }
}

extension KeyedDecodingContainer {
    fileprivate func refusal(_ key: Key, _ reason: String) -> DecodingError {
        .dataCorruptedError(forKey: key, in: self, debugDescription: reason)
    }

    fileprivate func figure(_ key: Key) throws -> Double? {
        guard let figure = try decodeIfPresent(Double.self, forKey: key) else { return nil }
        guard figure >= 0 else { throw refusal(key, "no figure is below 0") }
        return figure
    }

    fileprivate func figures(_ key: Key) throws -> [String: Double] {
        let figures = try decodeIfPresent([String: Double].self, forKey: key) ?? [:]
        guard figures.values.allSatisfy({ $0 >= 0 }) else { throw refusal(key, "no figure is below 0") }
        return figures
    }
}

extension Double {
    /// To the nearest; enough for figures that are shown.
    package func rounded(toDigits digits: Int) -> Double {
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        return (self * scale).rounded() / scale
    }
}
