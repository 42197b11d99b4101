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
    ]
}
