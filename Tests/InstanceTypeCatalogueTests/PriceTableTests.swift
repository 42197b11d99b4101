import Foundation
import InstanceTypeCatalogue
import Testing

@Suite("Relative prices")
struct PriceTableTests {
    private func facts(_ name: String) throws -> InstanceTypeFacts {
        try #require(InstanceTypeCatalogue.facts(of: name))
    }

    private func price(_ name: String, _ table: PriceTable = .standard) throws -> Double {
        try table.onDemand(facts(name))
    }

    private func table(_ json: String) throws -> PriceTable {
        try JSONDecoder().decode(PriceTable.self, from: Data(json.utf8))
    }

    @Test("are the sum of a type's parts at the table's rates")
    func sum() throws {
        #expect(try price("m5.large") == (2 * 0.035 + 8 * 0.0035 + 0.75 * 0.0035).rounded(toDigits: 4))
        #expect(try price("t3.micro") == 0.0105)
        #expect(try price("m5d.large") == (0.0980 + 0.75 * 0.0035 + 75 * 0.0001).rounded(toDigits: 4))
    }

    @Test("order types as their parts do")
    func order() throws {
        for pair in [
            ("m5.large", "m5.xlarge"), ("c5.large", "m5.large"), ("m5.large", "r5.large"), ("m6g.large", "m5.large"),
            ("m5a.large", "m5.large"), ("m5.large", "m5d.large"), ("t3.micro", "t3.small"), ("t3.large", "m5.large"),
            ("g4dn.xlarge", "g5.2xlarge"), ("g5.48xlarge", "p4d.24xlarge"), ("c5.18xlarge", "c5n.18xlarge"),
        ] {
            #expect(try price(pair.0) < price(pair.1), "\(pair)")
        }
    }

    @Test("are above 0 for every type, and lower on spot")
    func everyType() throws {
        for type in InstanceTypeCatalogue.shared.all {
            let facts = try facts(type.name)
            #expect(PriceTable.standard.onDemand(facts) > 0, "\(type.name)")
            #expect(PriceTable.standard.spot(facts) < PriceTable.standard.onDemand(facts), "\(type.name)")
        }
    }

    @Test("obey what the operator's file says, and keep the rest")
    func operatorsFile() throws {
        let table = try table(
            #"{"rates": {"vCPU": 1}, "families": {"c5": 2}, "types": {"t3.nano": 7.5}, "spotPercent": 50}"#)
        #expect(table.rates.memoryGiB == PriceTable.standard.rates.memoryGiB)
        #expect(table.families["p"] == PriceTable.standard.families["p"])
        #expect(try price("t3.nano", table) == 7.5)
        #expect(try table.spot(facts("t3.nano")) == 3.75)
        #expect(try price("c5.large", table) > 4)
        #expect(try price("c5a.large", table) < 3)
    }

    @Test("round trip through their file")
    func roundTrip() throws {
        let json = try JSONEncoder().encode(PriceTable.standard)
        #expect(try JSONDecoder().decode(PriceTable.self, from: json) == .standard)
    }

    @Test(
        "refuse a file that says what cannot be",
        arguments: [
            #"{"rate": {}}"#, #"{"rates": {"cpu": 1}}"#, #"{"rates": {"vCPU": -1}}"#, #"{"types": {"t3.huge": 1}}"#,
            #"{"families": {"p": -1}}"#, #"{"spotPercent": 101}"#, "[]",
        ])
    func refused(json: String) { #expect(throws: DecodingError.self) { try table(json) } }
}
