import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `StartSnapshot`: a pending snapshot, empty or as its parent, for blocks to be put.
enum StartSnapshot: RecordAction {
    typealias Operation = EBS.Operation.StartSnapshot

    /// Snapshots of one account that may be on their way at a time.
    private static let mostPending = 100
    private static let largestGiB = 65_536

    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        guard input.volumeSize <= largestGiB else {
            throw EBS.Refusal.validation(
                .invalidVolumeSize, "The volume size \(input.volumeSize) is larger than \(largestGiB) GiB.")
        }
        var order = BlockSnapshotOrder(sizeGiB: input.volumeSize)
        order.timeoutMinutes = input.timeout ?? order.timeoutMinutes
        order.description = input.description ?? ""
        order.tags = try tags(input.tags, limit: transaction.settings.quotas.tagsPerResource)
        order.parent = try input.parentSnapshotID.map { id throws(EC2Error) in
            try parent(id, sizeGiB: input.volumeSize, transaction)
        }
        order.keyID = try keyID(input, order.parent, &transaction)
        let pending = transaction.state.snapshots.all(of: transaction.account).count { $0.state == .pending }
        guard pending < mostPending else {
            throw EBS.Refusal.concurrentLimitExceeded("There are \(pending) pending snapshots in this account.")
        }
        do {
            return Operation.Output(try transaction.startSnapshot(order), transaction.settings)
        } catch {
            throw EBS.Refusal.serviceQuotaExceeded(.dependencyServiceQuotaExceeded, error.message)
        }
    }

    /// What the snapshot is sealed with; nil: nothing, or what its parent is.
    private static func keyID(
        _ input: Operation.Input, _ parent: SnapshotRecord?, _ transaction: inout Transaction
    ) throws(EC2Error) -> String? {
        if let parent {
            guard input.encrypted == nil, input.kmsKeyARN == nil else {
                throw EBS.Refusal.validation(
                    .invalidParameterValue,
                    "Encrypted and KmsKeyArn cannot be given with ParentSnapshotId: the parent's encryption is taken "
                        + "over.")
            }
            guard parent.isEncrypted || !transaction.encryptsByDefault else {
                throw EBS.Refusal.validation(
                    .invalidParameterValue,
                    "Encryption by default is on, and the snapshot '\(parent.id)' is not encrypted: copy it first.")
            }
            return nil
        }
        let isWanted = input.kmsKeyARN != nil || transaction.encryptsByDefault
        guard input.encrypted != false || !isWanted else {
            throw EBS.Refusal.validation(
                .invalidParameterValue, "Encrypted cannot be false with KmsKeyArn or where encryption by default is on."
            )
        }
        if let arn = input.kmsKeyARN {
            do {
                let name = try KeyName(arn, of: transaction.account, in: transaction.settings.region)
                return try transaction.keyID(name)
            } catch {
                throw EBS.Refusal.validation(.invalidCustomerKey, "There is no key '\(arn)' of this account here.")
            }
        }
        return input.encrypted == true || isWanted ? transaction.defaultKeyID() : nil
    }

    private static func parent(
        _ id: String, sizeGiB: Int, _ transaction: Transaction
    ) throws(EC2Error) -> SnapshotRecord {
        let parent = try SnapshotLookup.readable(id, by: transaction.account, in: transaction.state)
        guard parent.keyID == nil || parent.account == transaction.account else {
            throw EBS.Refusal.accessDenied(
                .dependencyAccessDenied, "The key of the snapshot '\(id)' belongs to another account.")
        }
        guard parent.sizeGiB <= sizeGiB else {
            throw EBS.Refusal.validation(
                .invalidVolumeSize, "The volume size \(sizeGiB) is smaller than the parent's, \(parent.sizeGiB) GiB.")
        }
        return parent
    }

    private static func tags(_ tags: [EBS.Tag], limit: Int) throws(EC2Error) -> [String: String] {
        var found: [String: String] = [:]
        for tag in tags {
            guard let key = tag.key, !key.lowercased().hasPrefix("aws:") else {
                throw EBS.Refusal.validation(.invalidTag, "A tag needs a key that does not begin with 'aws:'.")
            }
            guard found.updateValue(tag.value ?? "", forKey: key) == nil else {
                throw EBS.Refusal.validation(.invalidTag, "The tag key '\(key)' is given twice.")
            }
        }
        guard found.count <= limit else {
            throw EBS.Refusal.validation(.invalidTag, "A snapshot has at most \(limit) tags.")
        }
        return found
    }
}

extension EBS.StartSnapshotResponse {
    fileprivate init(_ snapshot: SnapshotRecord, _ settings: CloudSettings) {
        self.init(
            description: snapshot.description.isEmpty ? nil : snapshot.description,
            snapshotID: snapshot.id.description, ownerID: snapshot.account.description,
            status: EBS.Status(snapshot.state), startTime: snapshot.startedAt, volumeSize: snapshot.sizeGiB,
            blockSize: SnapshotBlocks.byteCount,
            tags: snapshot.tags.sorted { $0.key < $1.key }.map { EBS.Tag(key: $0.key, value: $0.value) },
            parentSnapshotID: snapshot.parent?.description,
            kmsKeyARN: snapshot.keyID.map { settings.arn(ofKey: $0, account: snapshot.account) },
            sseType: snapshot.isEncrypted ? .sseKMS : .noneValue)
    }
}
