// Why a type is recommended, in plain words: what it has, what of that it gives cheaply, what to know before taking it.

struct FinderReasons {
    let field: FinderField
    let candidate: FinderCandidate
    let like: MeasuredUse?
    private var facts: InstanceTypeFacts { candidate.facts }

    var all: [String] { [size] + comparison + strengths + [price] + devices + cautions }

    /// Beside what the instance has that the wish was made of.
    private var comparison: [String] {
        guard let like else { return [] }
        let enough =
            BurstableFigures(of: facts).map { figures in
                "a burstable type would do: \((figures.baseline * Double(facts.vCPUs)).plain) vCPUs for good"
            } ?? (facts.vCPUs < like.vCPUs ? "\(facts.vCPUs) would do" : "as many are there, of their own")
        let memory = FinderAspect.memory.amount(in: facts)
        let change = field.price(of: like.instanceType).flatMap { price in
            price > 0 ? Int(((candidate.price / price - 1) * 100).rounded()) : nil
        }
        return ["\(like.processorSentence): \(enough)"]
            + ["touches \(like.usedMemoryGiB.plain) GiB of memory: \(memory.plain) GiB would do"]
            + (change.map { $0 == 0 ? [] : ["\(abs($0)) % \($0 < 0 ? "cheaper" : "dearer") than \(like.instanceType)"] }
                ?? [])
    }

    private var size: String {
        let perVCPU = (FinderAspect.memory.amount(in: facts) / Double(facts.vCPUs)).plain
        let processor = facts.processorManufacturer == "AWS" ? "AWS Graviton" : facts.processorManufacturer
        return "\(facts.vCPUs) vCPUs (\(processor)) and \(FinderAspect.memory.amount(in: facts).plain) GiB of memory, "
            + "\(perVCPU) GiB for each vCPU"
    }

    /// Of the two aspects that matter most, those that it gives more cheaply than most of the types that fit.
    private var strengths: [String] {
        field.aspects.prefix(2).compactMap { aspect, _ in
            let below = field.percentBelow(aspect, candidate)
            guard below >= 50 else { return nil }
            let much = below == 100 ? "all others" : "\(below) % of the types"
            return "more \(aspect.words(in: facts)) for its price than \(much) that fit"
        }
    }

    private var price: String {
        let least = field.candidates.map(\.price).min() ?? candidate.price
        guard candidate.price > least, least > 0 else { return "the cheapest of the types that fit" }
        let times = candidate.price / least
        return times < 2
            ? "\(Int(((times - 1) * 100).rounded())) % above the cheapest type that fits"
            : "\(times.rounded(toDigits: 1).plain) times the price of the cheapest type that fits"
    }

    private var devices: [String] {
        let accelerators = facts.accelerators.map { accelerator in
            "\(accelerator.count) × \(accelerator.name.uppercased()) with "
                + "\((Double(accelerator.memoryMiB) / 1024).rounded(toDigits: 1).plain) GiB each"
        }
        let disks = facts.instanceStore.map { store in
            "\(store.totalGB) GB on local \(store.disks.contains { $0.type == "hdd" } ? "hard disks" : "SSDs"), "
                + "gone when the instance stops"
        }
        return accelerators + (disks.map { [$0] } ?? [])
    }

    private var cautions: [String] {
        var cautions: [String] = []
        if let figures = BurstableFigures(of: facts) {
            let percent = (figures.baseline * 100).rounded(toDigits: 1).plain
            cautions.append("bursts: \(percent) % of each vCPU for good, all of it on saved credits")
        }
        if facts.processorManufacturer == "AWS" { cautions.append("needs an arm64 image") }
        if !candidate.fits { cautions.append("does not fit on this cloud now") }
        return cautions
    }
}

extension FinderAspect {
    fileprivate func words(in facts: InstanceTypeFacts) -> String {
        switch self {
        case .cpu: facts.isBurstable ? "processor time" : "vCPUs"
        case .memory: "memory"
        case .gpu: "GPU memory"
        case .storage: "bandwidth to EBS"
        case .localStorage: "local storage"
        case .network: "network bandwidth"
        }
    }
}

extension Double {
    /// `8`, `0.5`
    var plain: String { self == rounded() ? "\(Int(self))" : "\(rounded(toDigits: 2))" }
}
