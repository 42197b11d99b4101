// Which instance types have the attributes asked for: attribute-based selection, as fleets and previews ask for it.
// Source: EC2 API Reference, "InstanceRequirementsRequest"; EC2 User Guide, "Attribute-based instance type selection".

package import CloudTypes
internal import NodeContract

package struct InstanceRequirements: Sendable, Equatable {
    /// Both ends count; an end that is not said is none.
    package struct Bounds: Sendable, Equatable {
        package var least: Double?
        package var most: Double?
        package init(_ least: Double? = nil, _ most: Double? = nil) { (self.least, self.most) = (least, most) }
        func contain(_ value: Double) -> Bool { (least ?? -.infinity) <= value && value <= (most ?? .infinity) }
        func contain(_ value: Int) -> Bool { contain(Double(value)) }
    }

    /// What becomes of types that have something.
    package enum Choice: String, Sendable {
        case included, required, excluded

        func allows(_ has: Bool) -> Bool {
            switch self {
            case .included: true
            case .required: has
            case .excluded: !has
            }
        }
    }

    // An empty set or list asks for nothing.
    package var architectures: Set<String> = []
    package var virtualizationTypes: Set<String> = []
    package var allowedTypes: [FilterPattern] = []
    package var excludedTypes: [FilterPattern] = []
    /// `current`, `previous`
    package var generations: Set<String> = []
    /// `intel`, `amd`, `amazon-web-services`, `apple`
    package var processorManufacturers: Set<String> = []
    package var vCPUs = Bounds()
    package var memoryMiB = Bounds()
    package var memoryGiBPerVCPU = Bounds()
    package var bareMetal = Choice.excluded
    package var burstable = Choice.excluded
    package var mustHibernate = false
    package var mustEncryptInTransit = false
    package var networkInterfaces = Bounds()
    /// The baseline over all cards.
    package var networkGbps = Bounds()
    package var baselineEBSMbps = Bounds()
    package var localStorage = Choice.included
    /// `hdd`, `ssd`: of types that have local storage.
    package var localStorageTypes: Set<String> = []
    package var localStorageGB = Bounds()
    package var accelerators = Accelerators()
    package var priceProtection = PriceProtection()

    package struct Accelerators: Sendable, Equatable {
        package var kinds: Set<String> = []
        package var manufacturers: Set<String> = []
        package var names: Set<String> = []
        package var count = Bounds()
        package var totalMemoryMiB = Bounds()
        package init() {}
    }

    package init() {}

    /// The types that have what is asked for and do not cost too much, in the order of names.
    package func select(pricedBy prices: PriceTable) -> [InstanceTypeFacts] {
        let all = InstanceTypeCatalogue.shared.all.lazy.filter { isNamed($0.name) }
        let matching = all.compactMap { InstanceTypeCatalogue.facts(of: $0.name) }.filter(match)
        return priceProtection.select(Array(matching), pricedBy: prices)
    }

    /// Whether the type has every attribute; what it costs is not looked at.
    package func match(_ facts: InstanceTypeFacts) -> Bool {
        isNamed(facts.name) && matchProcessor(facts) && matchKind(facts) && matchNetwork(facts) && matchStorage(facts)
            && accelerators.match(facts.accelerators)
    }

    private func isNamed(_ name: String) -> Bool {
        (allowedTypes.isEmpty || allowedTypes.contains { $0.matches(name) })
            && !excludedTypes.contains { $0.matches(name) }
    }

    private func matchProcessor(_ facts: InstanceTypeFacts) -> Bool {
        let maker =
            facts.processorManufacturer == "AWS" ? "amazon-web-services" : facts.processorManufacturer.lowercased()
        let memoryGiB = Double(facts.memoryMiB) / 1024
        return architectures.areMet(by: facts.architectures.map(\.rawValue))
            && processorManufacturers.areMet(by: [maker]) && vCPUs.contain(facts.vCPUs)
            && memoryMiB.contain(facts.memoryMiB) && memoryGiBPerVCPU.contain(memoryGiB / Double(facts.vCPUs))
    }

    private func matchKind(_ facts: InstanceTypeFacts) -> Bool {
        virtualizationTypes.areMet(by: facts.virtualizationTypes)
            && generations.areMet(by: [facts.isCurrentGeneration ? "current" : "previous"])
            && bareMetal.allows(facts.isBareMetal) && burstable.allows(facts.isBurstable)
            && (facts.supportsHibernation || !mustHibernate)
    }

    private func matchNetwork(_ facts: InstanceTypeFacts) -> Bool {
        networkInterfaces.contain(facts.network.interfaces) && networkGbps.contain(facts.network.totalBaselineGbps)
            && baselineEBSMbps.contain(facts.ebs.baselineBandwidthMbps ?? 0)
            && (facts.network.isEncryptedInTransit || !mustEncryptInTransit)
    }

    private func matchStorage(_ facts: InstanceTypeFacts) -> Bool {
        let store = facts.instanceStore
        return localStorage.allows(store != nil) && localStorageGB.contain(store?.totalGB ?? 0)
            && store.map { localStorageTypes.areMet(by: $0.disks.map(\.type)) } ?? true
    }
}

extension InstanceRequirements.Accelerators {
    func match(_ accelerators: [Accelerator]) -> Bool {
        count.contain(accelerators.reduce(0) { $0 + $1.count })
            && totalMemoryMiB.contain(accelerators.reduce(0) { $0 + $1.totalMemoryMiB })
            && kinds.areMet(by: accelerators.map(\.kind.rawValue))
            && manufacturers.areMet(by: accelerators.map(\.manufacturer)) && names.areMet(by: accelerators.map(\.name))
    }
}

extension Set<String> {
    /// Whether one of the wishes is among what there is; no wish is always met.
    fileprivate func areMet(by values: [String]) -> Bool { isEmpty || values.contains { contains($0) } }
}
