import ArgumentParser
import FoundationEssentials
import InstanceTypeCatalogue

extension Types {
    /// `apus types find`: which instance types suit a workload, and why.
    struct Find: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Rank instance types for a workload, with reasons.",
            discussion: """
                Give a workload, or say how much each thing matters by weights of your own; weights given beside a workload \
                replace its own. One size of each family is shown. Prices are relative figures, not AWS's. Workloads:

                \(Workload.allCases.map { "  \($0.rawValue): \($0.meaning)" }.joined(separator: "\n"))
                """)

        @OptionGroup var state: StateOptions
        @Option(help: "\(Workload.allCases.map(\.rawValue).joined(separator: ", ")).") var workload: Workload?
        @Option(help: ArgumentHelp("How much processors matter.", valueName: "weight")) var cpu: Double?
        @Option(help: ArgumentHelp("How much memory matters.", valueName: "weight")) var memory: Double?
        @Option(help: ArgumentHelp("How much GPU memory matters.", valueName: "weight")) var gpu: Double?
        @Option(help: ArgumentHelp("How much bandwidth to EBS matters.", valueName: "weight")) var storage: Double?
        @Option(help: ArgumentHelp("How much local disks matter.", valueName: "weight")) var localStorage: Double?
        @Option(help: ArgumentHelp("How much network bandwidth matters.", valueName: "weight")) var network: Double?
        @Option(help: "How busy the processors are on average, in per cent; burstable types suit what is seldom busy.")
        var load: Double?
        @Option(help: "vCPUs: COUNT, MIN.., ..MAX or MIN..MAX.") var vcpus: Span?
        @Option(help: "Memory, likewise.") var memoryGib: Span?
        @Option(help: "x86_64 or arm64.") var architecture: String?
        @Flag(help: "Types of the previous generation too.") var previousGeneration = false
        @Flag(help: "Only types of which one more fits on this cloud now.") var fitsHere = false
        @Option(help: "How many types to show.") var limit = 10
        @Flag(help: "Print JSON.") var json = false

        func validate() throws {
            guard limit >= 1 else { throw ValidationError("--limit is 1 or more.") }
            guard weights.values.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
                throw ValidationError("A weight is a number of 0 or more.")
            }
            guard workload != nil || weights.values.contains(where: { $0 > 0 }) else {
                throw ValidationError("Give --workload, or a weight such as --cpu 2.")
            }
            guard (0...100).contains(load ?? 0) else { throw ValidationError("--load is 0 to 100.") }
            guard [nil, "x86_64", "arm64"].contains(architecture) else {
                throw ValidationError("--architecture is x86_64 or arm64.")
            }
        }

        private var weights: [FinderAspect: Double] {
            let given: [FinderAspect: Double?] = [
                .cpu: cpu, .memory: memory, .gpu: gpu, .storage: storage, .localStorage: localStorage,
                .network: network,
            ]
            return given.compactMapValues(\.self)
        }

        private var query: FinderQuery {
            var query = workload?.query ?? FinderQuery(weights: [:])
            query.weights.merge(weights) { $1 }
            if let vcpus {
                (query.leastVCPUs, query.mostVCPUs) = (vcpus.least.map(Int.init), vcpus.most.map(Int.init))
            }
            if let memoryGib { (query.leastMemoryGiB, query.mostMemoryGiB) = (memoryGib.least, memoryGib.most) }
            if let load { query.load = load / 100 }
            query.architecture = architecture
            query.includesBurstable = query.includesBurstable || workload == nil
            query.includesPreviousGeneration = previousGeneration
            (query.mustFit, query.limit) = (fitsHere, limit)
            return query
        }

        func run() async throws {
            let found = try served() ?? TypeFinder(prices: try state.directory.priceTable()).find(query)
            guard !json else {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
                return print(String(decoding: try encoder.encode(found), as: UTF8.self))
            }
            for (place, type) in found.enumerated() { print(Find.text(type, place: place + 1)) }
            if found.isEmpty { print("No instance type fits.") }
        }

        /// What the cloud that serves finds, which knows what fits on it; nil: none serves.
        private func served() throws -> [Recommendation]? {
            let client = OperatorClient(socketPath: state.directory.operatorSocket)
            let order = Array(try JSONEncoder().encode(query))
            guard let answer = try client.call("POST", "/types/find", body: order) else {
                guard !fitsHere else {
                    throw CommandFailure("--fits-here asks a cloud, and none serves on \(state.directory.path).")
                }
                return nil
            }
            guard answer.status == 200 else { throw CommandFailure("The running Apus refused.") }
            return try JSONDecoder().decode([Recommendation].self, from: Data(answer.body))
        }

        static func text(_ type: Recommendation, place: Int) -> String {
            let room = type.fitsNow.map { $0 > 1_000 ? ", more than 1000 fit now" : ", \($0) more fit now" } ?? ""
            let head =
                "\(place). \(type.instanceType)  score \(type.score), price \(type.onDemandPrice)"
                + " (spot \(type.spotPrice))\(room)"
            return ([head] + type.reasons.map { "     \($0)" }).joined(separator: "\n")
        }
    }

    /// A number, or a span of numbers with one end open or none.
    struct Span: ExpressibleByArgument {
        var least: Double?
        var most: Double?

        init?(argument: String) {
            guard let dots = argument.firstRange(of: "..") else {
                guard let number = Double(argument), number >= 0 else { return nil }
                (least, most) = (number, number)
                return
            }
            let ends = [String(argument[..<dots.lowerBound]), String(argument[dots.upperBound...])]
            let numbers = ends.map(Double.init)
            guard zip(ends, numbers).allSatisfy({ $0.isEmpty || ($1 ?? -1) >= 0 }),
                ends.contains(where: { !$0.isEmpty })
            else { return nil }
            (least, most) = (numbers[0], numbers[1])
            guard (least ?? 0) <= (most ?? .infinity), (most ?? 0) < 1e9, (least ?? 0) < 1e9 else { return nil }
        }
    }
}

extension Workload: ExpressibleByArgument {}
