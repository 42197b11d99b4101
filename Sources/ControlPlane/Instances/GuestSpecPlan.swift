// From an instance's records to what the node has to boot.

internal import CloudTypes
internal import InstanceTypeCatalogue
package import NodeContract

extension GuestSpec {
    /// nil while records that belong to the instance are missing.
    package init?(of instance: InstanceRecord, in state: CloudState, settings: CloudSettings) {
        guard let image = state.images[instance.image] else { return nil }
        let boot: Boot =
            switch image.boot {
            case .kernel(let arguments): .kernel(image: image.kernelImage ?? image.id, arguments: arguments)
            case .firmware: .firmware(instance.bootMode == "uefi" ? .uefi : .bios)
            }
        self.init(
            instance: instance.id, launch: instance.launch, instanceType: instance.instanceType,
            architecture: instance.architecture, vCPUs: instance.vCPUs, memoryMiB: instance.memoryMiB, boot: boot,
            disks: GuestSpec.disks(of: instance, in: state), ports: GuestSpec.ports(of: instance, in: state))
        scratch = GuestSpec.scratch(of: instance, percent: settings.instanceStorePercent)
        if instance.pause == .resuming, !scratch.isEmpty { keepsScratch = true }
        if case .saved(let launch) = instance.hibernation { resumes = launch }
        let facts = InstanceTypeCatalogue.facts(of: instance.instanceType)
        threadsPerCore = instance.threadsPerCore ?? facts?.threadsPerCore
        let devices = facts?.devices ?? [:]
        gpus = devices.isEmpty ? nil : devices
        diskLimits = DiskLimits(ofInstanceType: instance.instanceType)
        // A root on instance store is no volume.
        guard !disks.isEmpty || image.rootDeviceType == .instanceStore else { return nil }
    }

    private static func disks(of instance: InstanceRecord, in state: CloudState) -> [Disk] {
        let disks = state.volumes.all(where: IndexKey(.instance, instance.id)).flatMap { volume in
            volume.attachments.filter { $0.instance == instance.id }.map { Disk(volume, as: $0) }
        }
        return disks.sorted { left, right in
            let (leftRoot, rightRoot) = (
                left.deviceName == instance.rootDeviceName, right.deviceName == instance.rootDeviceName
            )
            return leftRoot == rightRoot ? left.deviceName < right.deviceName : leftRoot
        }
    }

    private static func ports(of instance: InstanceRecord, in state: CloudState) -> [Port] {
        state.networkInterfaces.all(where: IndexKey(.instance, instance.id))
            .sorted { ($0.attachment?.deviceIndex ?? 0) < ($1.attachment?.deviceIndex ?? 0) }
            .map { Port(interface: $0.id, vpc: $0.vpc, macAddress: $0.macAddress) }
    }
}
