// What a client's orders about snapshots, fast restores and images say on the wire.

import CloudTypes
import ControlPlane

extension Client {
    func snapshotForm(of operation: Operation) -> Form? {
        switch operation {
        case .createSnapshot(let name, let volume, let isKept):
            guard let volume = ledger.id(volume) else { return nil }
            let form = Form("CreateSnapshot", making: name, "snapshot", [("VolumeId", volume)])
            return isKept ? form.adding(Furnishing.keptTag) : form
        case .createSnapshots(let name, let instance, _):
            guard let instance = ledger.launches[instance]?.first else { return nil }
            return Form(
                "CreateSnapshots", making: name, "snapshot", [("InstanceSpecification.InstanceId", "\(instance)")])
        case .copySnapshot(let name, let source):
            guard let source = ledger.id(source) else { return nil }
            return Form(
                "CopySnapshot", making: name, "snapshot",
                [("SourceSnapshotId", source), ("SourceRegion", Furnishing.settings.region)])
        case .lockSnapshot(let name):
            return ledger.id(name).map {
                Form("LockSnapshot", [("SnapshotId", $0), ("LockMode", "governance"), ("LockDuration", "2")])
            }
        case .unlockSnapshot(let name): return ledger.id(name).map { Form("UnlockSnapshot", [("SnapshotId", $0)]) }
        case .restoreSnapshot(let name):
            return ledger.binned[name].map { Form("RestoreSnapshotFromRecycleBin", [("SnapshotId", $0.id)]) }
        case .createVolumeOf(let name, let snapshot, let size):
            guard let snapshot = ledger.id(snapshot) else { return nil }
            return Form(
                "CreateVolume", making: name, "volume",
                [
                    ("AvailabilityZone", Furnishing.settings.zones[0].name), ("SnapshotId", snapshot),
                    ("Size", "\(size)"),
                ])
        case .enableFastRestore(let name): return fastRestoreForm("EnableFastSnapshotRestores", name)
        case .disableFastRestore(let name): return fastRestoreForm("DisableFastSnapshotRestores", name)
        case .copyImage(let name, let source):
            return image(source).map {
                Form(
                    "CopyImage",
                    [("SourceImageId", $0), ("SourceRegion", Furnishing.settings.region), ("Name", name)])
            }
        case .deregisterImage(let name): return image(name).map { Form("DeregisterImage", [("ImageId", $0)]) }
        case .restoreImage(let name):
            return ledger.binnedImages[name].map { Form("RestoreImageFromRecycleBin", [("ImageId", "\($0.id)")]) }
        default: return nil
        }
    }

    private func fastRestoreForm(_ action: String, _ name: String) -> Form? {
        ledger.id(name).map {
            Form(action, [("SourceSnapshotId.1", $0), ("AvailabilityZone.1", Furnishing.settings.zones[0].name)])
        }
    }

    private func image(_ name: String) -> String? {
        rig.records.images.all.first { $0.name == name && $0.state != .deregistered }?.id.description
    }
}
