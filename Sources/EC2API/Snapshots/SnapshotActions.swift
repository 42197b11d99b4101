import APIGateway

extension EC2Actions {
    static let snapshots: [Action] = [
        Action(CopySnapshot.self),
        Action(CreateSnapshot.self),
        Action(CreateSnapshots.self),
        Action(DeleteSnapshot.self),
        Action(DescribeSnapshotAttribute.self),
        Action(DescribeSnapshots.self),
        Action(DisableSnapshotBlockPublicAccess.self),
        Action(EnableSnapshotBlockPublicAccess.self),
        Action(GetSnapshotBlockPublicAccessState.self),
        Action(ModifySnapshotAttribute.self),
        Action(ResetSnapshotAttribute.self),
        Action(DescribeLockedSnapshots.self),
        Action(LockSnapshot.self),
        Action(UnlockSnapshot.self),
        Action(ListImagesInRecycleBin.self),
        Action(ListSnapshotsInRecycleBin.self),
        Action(RestoreImageFromRecycleBin.self),
        Action(RestoreSnapshotFromRecycleBin.self),
        Action(DescribeFastSnapshotRestores.self),
        Action(DisableFastSnapshotRestores.self),
        Action(EnableFastSnapshotRestores.self),
        Action(DescribeSnapshotTierStatus.self),
        Action(ModifySnapshotTier.self),
        Action(RestoreSnapshotTier.self),
    ]
}
