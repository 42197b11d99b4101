// Quotas on sums: refused before anything is made.

internal import CloudTypes
internal import InstanceTypeCatalogue

extension Transaction {
    /// How many more instances of the type the account may run, each of so many processors.
    ///
    /// - Throws: `VcpuLimitExceeded` where they are fewer than `least`.
    func vCPUQuotaRoom(
        for facts: InstanceTypeFacts, vCPUs: Int, atLeast least: Int
    ) throws(EC2Error) -> Int {
        let kind = VCPUClass(ofType: facts.name)
        let limit = settings.quotas[vCPUs: kind]
        let room = (limit - state.instances.use(.vCPUs(kind), by: account)) / max(1, vCPUs)
        guard room >= least else {
            throw EC2Error(
                "VcpuLimitExceeded",
                "You have requested more vCPU capacity than your current vCPU limit of \(limit) allows for instance "
                    + "types of the class '\(kind.rawValue)', which \(facts.name) belongs to.")
        }
        return room
    }

    /// - Parameter old: the volume that is changed, whose own use does not stand in the way.
    /// - Throws: `VolumeLimitExceeded`, `MaxIOPSLimitExceeded`.
    func checkQuota(for figures: VolumeFigures, insteadOf old: VolumeRecord? = nil) throws(EC2Error) {
        let (wanted, type) = (figures.uses, figures.volumeType)
        let storage = settings.quotas[storageGiB: type]
        guard use(with: wanted, .storageGiB(type), insteadOf: old) <= storage else {
            throw EC2Error(
                "VolumeLimitExceeded",
                "The maximum storage of \(storage) GiB for volumes of type '\(type)' is exceeded.")
        }
        guard wanted[.iops(type)] != nil else { return }
        let iops = settings.quotas[iops: type]
        guard use(with: wanted, .iops(type), insteadOf: old) <= iops else {
            throw EC2Error(
                "MaxIOPSLimitExceeded", "The maximum of \(iops) IOPS for volumes of type '\(type)' is exceeded.")
        }
    }

    private func use(with wanted: [CountedUse: Int], _ kind: CountedUse, insteadOf old: VolumeRecord?) -> Int {
        state.volumes.use(kind, by: account) - (old?.uses[kind] ?? 0) + (wanted[kind] ?? 0)
    }
}
