// Who may make volumes from a snapshot: asked, changed, reset, and blocked for an account.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeSnapshotAttribute`
enum DescribeSnapshotAttribute: RecordAction {
    typealias Operation = EC2.Operation.DescribeSnapshotAttribute

    static func perform(
        _ input: EC2.DescribeSnapshotAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeSnapshotAttributeResult {
        let snapshot = try transaction.ownSnapshot(Lookup.id(input.snapshotID))
        var result = EC2.DescribeSnapshotAttributeResult(snapshotID: snapshot.id.description)
        switch input.attribute {
        case .productCodes: break
        case .createVolumePermission:
            if snapshot.isPublic { result.createVolumePermissions.append(EC2.CreateVolumePermission(group: .all)) }
            for account in (snapshot.sharedWith ?? []).map(\.description).sorted() {
                result.createVolumePermissions.append(EC2.CreateVolumePermission(userID: account))
            }
        }
        return result
    }
}

/// `ModifySnapshotAttribute`: adds and removes accounts, or everybody.
enum ModifySnapshotAttribute: RecordAction {
    typealias Operation = EC2.Operation.ModifySnapshotAttribute

    static func perform(
        _ input: EC2.ModifySnapshotAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let id: SnapshotID = try Lookup.id(input.snapshotID)
        guard input.attribute != .productCodes else { throw .unsupported("Product codes are not supported.") }
        var change = SnapshotSharing()
        for one in input.createVolumePermission?.add ?? [] { try change.note(one, isAdded: true) }
        for one in input.createVolumePermission?.remove ?? [] { try change.note(one, isAdded: false) }
        if !input.userIDs.isEmpty || !input.groupNames.isEmpty {
            guard let operation = input.operationType else { throw .missingParameter("operationType") }
            for text in input.userIDs {
                try change.note(EC2.CreateVolumePermission(userID: text), isAdded: operation == .add)
            }
            for text in input.groupNames {
                guard let group = EC2.PermissionGroup(rawValue: text) else {
                    throw .invalidParameterValue(name: "userGroup", value: text, reason: "The only group is 'all'.")
                }
                try change.note(EC2.CreateVolumePermission(group: group), isAdded: operation == .add)
            }
        }
        guard !change.isEmpty else { throw .missingParameter("createVolumePermission") }
        try transaction.share(id, by: change)
        return Operation.Output()
    }
}

extension SnapshotSharing {
    fileprivate mutating func note(_ permission: EC2.CreateVolumePermission, isAdded: Bool) throws(EC2Error) {
        guard permission.userID != nil || permission.group != nil else {
            throw .missingParameter("CreateVolumePermission.UserId or Group")
        }
        if permission.group == .all { isPublic = isAdded }
        guard let text = permission.userID else { return }
        guard let account = AccountID(text) else {
            throw EC2Error("InvalidUserID.Malformed", "Invalid user id: \"\(text)\"")
        }
        if isAdded { added.insert(account) } else { removed.insert(account) }
    }
}

/// `ResetSnapshotAttribute`: the owner's alone again.
enum ResetSnapshotAttribute: RecordAction {
    typealias Operation = EC2.Operation.ResetSnapshotAttribute

    static func perform(
        _ input: EC2.ResetSnapshotAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let snapshot = try transaction.ownSnapshot(Lookup.id(input.snapshotID))
        guard input.attribute == .createVolumePermission else {
            throw .invalidParameterValue(
                name: "attribute", value: input.attribute.rawValue, reason: "Only createVolumePermission can be reset.")
        }
        transaction.update(snapshot.id) { (snapshot: inout SnapshotRecord) in
            (snapshot.isPublic, snapshot.sharedWith) = (false, nil)
        }
        return Operation.Output()
    }
}

/// `EnableSnapshotBlockPublicAccess`: nothing new becomes public; with `block-all-sharing` nothing is.
enum EnableSnapshotBlockPublicAccess: RecordAction {
    typealias Operation = EC2.Operation.EnableSnapshotBlockPublicAccess

    static func perform(
        _ input: EC2.EnableSnapshotBlockPublicAccessRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.EnableSnapshotBlockPublicAccessResult {
        let block: PublicSnapshotBlock
        switch input.state {
        case .blockAllSharing: block = .allSharing
        case .blockNewSharing: block = .newSharing
        case .unblocked:
            throw .invalidParameterValue(
                name: "State", value: input.state.rawValue,
                reason: "Use DisableSnapshotBlockPublicAccess to unblock.")
        }
        transaction.blockPublicSnapshots(block)
        return EC2.EnableSnapshotBlockPublicAccessResult(state: input.state)
    }
}

/// `DisableSnapshotBlockPublicAccess`
enum DisableSnapshotBlockPublicAccess: RecordAction {
    typealias Operation = EC2.Operation.DisableSnapshotBlockPublicAccess

    static func perform(
        _ input: EC2.DisableSnapshotBlockPublicAccessRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DisableSnapshotBlockPublicAccessResult {
        transaction.blockPublicSnapshots(nil)
        return EC2.DisableSnapshotBlockPublicAccessResult(state: .unblocked)
    }
}

/// `GetSnapshotBlockPublicAccessState`
enum GetSnapshotBlockPublicAccessState: RecordAction {
    typealias Operation = EC2.Operation.GetSnapshotBlockPublicAccessState

    static func perform(
        _ input: EC2.GetSnapshotBlockPublicAccessStateRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetSnapshotBlockPublicAccessStateResult {
        let state: EC2.SnapshotBlockPublicAccessState =
            switch transaction.state.accounts[transaction.account]?.publicSnapshotBlock {
            case .allSharing: .blockAllSharing
            case .newSharing: .blockNewSharing
            case nil: .unblocked
            }
        return EC2.GetSnapshotBlockPublicAccessStateResult(state: state, managedBy: .account)
    }
}
