// What an instance type allows, and whether the host has room for another instance of it.
// Source: EC2 User Guide, "Amazon EC2 instance types"; EC2 API Reference, "CpuOptionsRequest".

package import CloudTypes
package import InstanceTypeCatalogue
internal import NodeContract

extension Transaction {
    /// The type's facts, if images of the architecture run on it.
    ///
    /// - Throws: `InvalidParameterValue`.
    package func instanceTypeFacts(
        _ name: String, for image: ImageRecord?
    ) throws(EC2Error) -> InstanceTypeFacts {
        guard let facts = InstanceTypeCatalogue.facts(of: name) else {
            throw .invalidParameterValue("Invalid value '\(name)' for InstanceType.")
        }
        guard let image, !facts.architectures.contains(image.architecture) else { return facts }
        let offered = facts.architectures.map(\.rawValue).joined(separator: ",")
        throw .invalidParameterValue(
            "The architecture '\(offered)' of the specified instance type does not match the architecture "
                + "'\(image.architecture.rawValue)' of the specified AMI. Specify an instance type and an AMI that "
                + "have matching architectures, and try again.")
    }

    /// Whether guests of the type can begin from the image's root device.
    ///
    /// - Throws: `InvalidParameterCombination`.
    func checkRootDevice(of image: ImageRecord, _ facts: InstanceTypeFacts) throws(EC2Error) {
        guard image.rootDeviceType == .instanceStore, !facts.rootDeviceTypes.contains("instance-store") else { return }
        throw .invalidParameterCombination(
            "AMI '\(image.id)' with an instance-store root device is not supported for the instance type "
                + "'\(facts.name)'.")
    }

    /// - Throws: `InvalidParameterValue`, `InvalidParameterCombination`, `AttachmentLimitExceeded`.
    func check(_ order: LaunchOrder, _ facts: InstanceTypeFacts) throws(EC2Error) {
        let wanted = order.attributes
        if wanted.creditSpecification != nil, !facts.isBurstable {
            throw .invalidParameterCombination("The instance type \(facts.name) does not support CreditSpecification.")
        }
        // A type that leaves no choice runs with what it has.
        let validCores = facts.validCores.isEmpty ? [facts.cores] : facts.validCores
        let validThreads = facts.validThreadsPerCore.isEmpty ? [facts.threadsPerCore] : facts.validThreadsPerCore
        if let cores = wanted.coreCount, !validCores.contains(cores) {
            throw .invalidParameterValue("CoreCount: \(cores) is not valid for instance type \(facts.name).")
        }
        if let threads = wanted.threadsPerCore, !validThreads.contains(threads) {
            throw .invalidParameterValue("ThreadsPerCore: \(threads) is not valid for instance type \(facts.name).")
        }
        try checkOptimization(wanted.isEBSOptimized, facts)
        guard order.interfaces.count <= facts.network.interfaces else {
            throw EC2Error(
                "AttachmentLimitExceeded",
                "Interface count \(order.interfaces.count) exceeds the limit for \(facts.name)")
        }
    }

    func checkOptimization(_ isWanted: Bool, _ facts: InstanceTypeFacts) throws(EC2Error) {
        guard isWanted, facts.ebs.optimization == "unsupported" else { return }
        throw .invalidParameterCombination(
            "EBS-optimized instances are not supported for your requested configuration. Please check the "
                + "documentation for supported configurations.")
    }

    func vCPUs(cores: Int?, threads: Int?, _ facts: InstanceTypeFacts) -> Int {
        guard cores != nil || threads != nil else { return facts.vCPUs }
        return (cores ?? facts.cores) * (threads ?? facts.threadsPerCore)
    }

    /// `uefi` or `legacy-bios`: how a guest of the type boots the image.
    func bootMode(_ image: ImageRecord, _ facts: InstanceTypeFacts) -> String {
        switch image.bootMode {
        case "uefi": "uefi"
        case "uefi-preferred": facts.bootModes.contains("uefi") ? "uefi" : "legacy-bios"
        case "legacy-bios": "legacy-bios"
        default: image.architecture == .arm64 ? "uefi" : "legacy-bios"
        }
    }

    /// How many of the instances asked for find room on the host; the fewest also where spot instances have to go for them.
    ///
    /// - Parameter share: what each of them takes.
    /// - Throws: `InstanceLimitExceeded`, `VcpuLimitExceeded`, `InsufficientInstanceCapacity` (a server fault).
    func acceptedCount(
        _ order: LaunchOrder, _ facts: InstanceTypeFacts, _ share: HostShare, _ slots: ReservationSlots
    ) throws(EC2Error) -> Int {
        let counts = order.counts
        let own = state.instances.count(where: IndexKey(.account, account))
        guard own + counts.lowerBound <= settings.quotas.instances else {
            throw EC2Error(
                "InstanceLimitExceeded",
                "You have requested more instances than your current instance limit of \(settings.quotas.instances) "
                    + "allows.")
        }
        let allowed = try vCPUQuotaRoom(for: facts, vCPUs: share.vCPUs, atLeast: counts.lowerBound)
        var room = slots.count + (slots.mayRunOutside ? state.room(for: facts, taking: share, settings) : 0)
        if order.spot == nil, slots.mayRunOutside, room < counts.lowerBound {
            let reclaimed = state.room(for: facts, taking: share, besides: state.reclaimableShare, settings)
            room = min(counts.lowerBound, slots.count + reclaimed)
        }
        guard room >= counts.lowerBound else { throw insufficientCapacity(facts) }
        return min(counts.upperBound, room, allowed, settings.quotas.instances - own)
    }

    /// - Throws: `InsufficientInstanceCapacity` (a server fault) where not one more finds room.
    ///
    /// - Parameter reclaiming: whether spot instances go for it.
    func checkRoom(
        for facts: InstanceTypeFacts, _ share: HostShare, _ slots: ReservationSlots, reclaiming: Bool
    ) throws(EC2Error) {
        let given = reclaiming ? state.reclaimableShare : .zero
        guard slots.count > 0 || state.room(for: facts, taking: share, besides: given, settings) >= 1 else {
            throw insufficientCapacity(facts)
        }
    }

    /// - Parameter reason: a sentence, where there is one that the caller can do something with.
    func insufficientCapacity(_ facts: InstanceTypeFacts, because reason: String? = nil) -> EC2Error {
        EC2Error(
            "InsufficientInstanceCapacity",
            "We currently do not have sufficient \(facts.name) capacity in the Availability Zone you requested. "
                + (reason ?? "Our system will be working on provisioning additional capacity."), httpStatus: 500)
    }
}
