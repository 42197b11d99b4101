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
                replace its own. Without either the cheapest of what is asked for come first. With --like, types are found that \
                hold what an instance was seen to use. One size of each family is shown; what does not fit on this cloud now \
                comes last. Prices are relative figures, not AWS's. Workloads:

                \(Workload.allCases.map { "  \($0.rawValue): \($0.meaning)" }.joined(separator: "\n"))
                """)

        @OptionGroup var state: StateOptions
        @Option(help: "\(Workload.allCases.map(\.rawValue).joined(separator: ", ")).") var workload: Workload?
        @Option(help: ArgumentHelp("Hold what this instance uses, a quarter more on top.", valueName: "instance"))
        var like: String?
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
        @Option(help: "GPUs, likewise.") var gpus: Span?
        @Option(help: "Local disks together, likewise.") var localStorageGb: Span?
        @Option(help: "Network performance as DescribeInstanceTypes tells it, likewise.") var networkGbps: Span?
        @Option(help: "Intel, AMD or AWS.") var manufacturer: String?
        @Option(help: "on-demand or spot.") var usageClass = "on-demand"
        @Flag(inversion: .prefixedNo, help: "Burstable types alone, or none.") var burstable: Bool?
        @Flag(help: "Only types that hibernate.") var hibernation = false
        @Flag(help: "Bare metal alone, instead of none of it.") var bareMetal = false
        @Flag(help: "Types of the previous generation too.") var previousGeneration = false
        @Flag(help: "Only types of which one more fits on this cloud now.") var fitsHere = false
        @Flag(help: "Every size of a family.") var everySize = false
        @Option(help: "How many types to show.") var limit = 10
        @Flag(help: "Print JSON.") var json = false

        func validate() throws {
            guard limit >= 1 else { throw ValidationError("--limit is 1 or more.") }
            guard weights.values.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
                throw ValidationError("A weight is a number of 0 or more.")
            }
            guard like == nil || (workload == nil && weights.isEmpty && !isBounded) else {
                throw ValidationError("--like says all that is wanted by itself.")
            }
            guard like != nil || workload != nil || weights.values.contains(where: { $0 > 0 }) || isBounded else {
                throw ValidationError(
                    "Give --workload, --like, a weight such as --cpu 2, or what must be there: --vcpus 4")
            }
            guard [nil, "Intel", "AMD", "AWS"].contains(manufacturer), ["on-demand", "spot"].contains(usageClass) else {
                throw ValidationError("--manufacturer is Intel, AMD or AWS; --usage-class is on-demand or spot.")
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

        private var isBounded: Bool {
            [vcpus, memoryGib, gpus, localStorageGb, networkGbps].contains { $0 != nil } || burstable != nil
                || hibernation || bareMetal
        }

        private var features: FinderFeatures {
            var features = workload?.query.features ?? FinderFeatures()
            if let gpus {
                (features.leastGPUs, features.mostGPUs) = (gpus.least.map(Int.init), gpus.most.map(Int.init))
            }
            if let disks = localStorageGb {
                features.leastLocalStorageGB = disks.least.map(Int.init)
                features.mostLocalStorageGB = disks.most.map(Int.init)
            }
            if let networkGbps {
                (features.leastNetworkGbps, features.mostNetworkGbps) = (networkGbps.least, networkGbps.most)
            }
            (features.manufacturer, features.usageClass, features.isBurstable) = (manufacturer, usageClass, burstable)
            if hibernation { features.supportsHibernation = true }
            features.isBareMetal = bareMetal
            return features
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
            query.includesBurstable = query.includesBurstable || workload == nil || burstable == true
            (query.features, query.showsEverySize) = (features, everySize)
            query.includesPreviousGeneration = previousGeneration
            (query.mustFit, query.limit) = (fitsHere, limit)
            return query
        }

        func run() async throws {
            let answer =
                try served() ?? FindAnswer(types: TypeFinder(prices: try state.directory.priceTable()).find(query))
            let found = answer.types
            guard !json else {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
                return print(String(decoding: try encoder.encode(found), as: UTF8.self))
            }
            if let use = answer.use { print(use.sentence + ".\n") }
            print(found.isEmpty ? "No instance type fits." : FinderTable(found).text)
        }

        /// What the cloud that serves finds, which knows what fits on it; nil: none serves.
        private func served() throws -> FindAnswer? {
            let client = OperatorClient(socketPath: state.directory.operatorSocket)
            let order = Array(try JSONEncoder().encode(FindOrder(query: query, like: like)))
            guard let answer = try client.call("POST", "/types/find", body: order) else {
                guard !fitsHere, like == nil else {
                    let option = like == nil ? "--fits-here" : "--like"
                    throw CommandFailure("\(option) asks a cloud, and none serves on \(state.directory.path).")
                }
                return nil
            }
            guard answer.status == 200 else {
                let failure = try? JSONDecoder().decode(OperatorService.Failure.self, from: Data(answer.body))
                throw CommandFailure(failure?.error ?? "The running Apus refused.")
            }
            return try JSONDecoder().decode(FindAnswer.self, from: Data(answer.body))
        }
    }

    /// A number, or a span of numbers with one end open or none.
    struct Span: ExpressibleByArgument {
        var least: Double?
        var most: Double?

        init?(argument: String) {
            guard let dots = argument.firstRange(of: "..") else {
                guard let number = Double(argument), number >= 0, number < 1e9 else { return nil }
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
