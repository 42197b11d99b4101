import ArgumentParser
import FoundationEssentials
import InstanceTypeCatalogue

/// `apus types`: instance types as an operator and a user look at them.
struct Types: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Instance types: which suit a workload, and what they cost relative to each other.",
        subcommands: [Find.self, Prices.self])

    struct Prices: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the price table in force, as JSON.",
            discussion: """
                Figures compare types with each other; they are not AWS's prices. An hour of a type costs what its parts \
                cost at these rates. To use others, write those that differ to prices.json in the state directory and \
                start Apus again; `types` there names a price for one type whatever its parts.
                """)
        @OptionGroup var state: StateOptions
        @Argument(help: "Print the prices of these types instead, a line each: on demand, spot.") var types: [String] =
            []

        func run() async throws {
            let table = try state.directory.priceTable()
            guard !types.isEmpty else {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
                return print(String(decoding: try encoder.encode(table), as: UTF8.self))
            }
            for name in types {
                guard let facts = InstanceTypeCatalogue.facts(of: name) else {
                    throw CommandFailure("There is no instance type \(name).")
                }
                print("\(name)  \(table.onDemand(facts))  \(table.spot(facts))")
            }
        }
    }
}
