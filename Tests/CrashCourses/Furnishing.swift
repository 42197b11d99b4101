// What every simulated cloud begins with: one account with its default VPC, and one image to launch.

import CloudStore
import CloudTypes
import ControlPlane
import Logging
import NodeContract
import Simulation

enum Furnishing {
    static let account = AccountID("123456789012")!
    static let caller = Caller(account: account, accessKeyID: "AKIAIOSFODNN7EXAMPLE")
    static let image = ImageID("ami-0123456789abcdef0")!
    private static let snapshot = SnapshotID("snap-0123456789abcdef0")!
    /// What a snapshot carries beside its name that is kept in the recycle bin for a day.
    static let keptTag = [("TagSpecification.1.Tag.2.Key", "Kept"), ("TagSpecification.1.Tag.2.Value", "yes")]

    static let log: Logger = {
        var log = Logger(label: "crash")
        log.logLevel = .critical
        return log
    }()

    static let settings: CloudSettings = {
        var settings = CloudSettings(
            region: "us-east-1",
            capabilities: NodeCapabilities(
                architectures: [.x86_64], acceleration: "simulated", processorCount: 64, memoryMiB: 1 << 30))
        settings.quotas.vpcs = 1_000
        settings.quotas.internetGateways = 1_000
        settings.quotas.elasticAddresses = 1_000
        settings.quotas.networkInterfaces = 100_000
        settings.quotas.fastRestoredSnapshots = 1_000
        return settings
    }()

    /// A store that has been furnished and nothing else.
    static func contents() -> MemoryStore.Contents {
        let contents = MemoryStore.Contents()
        _ = MemoryStore(on: contents).submit(furniture)
        return contents
    }

    private static let furniture: [RecordWrite] = {
        let contents = MemoryStore.Contents()
        let executor = SteppedExecutor()
        Task(executorPreference: executor) {
            let cloud = try await Cloud.open(
                MemoryStore(on: contents), settings: settings, log: log, random: SeededNumbers(seed: .max / 3),
                time: ManualTime())
            try await cloud.transact(as: caller) { transaction throws(EC2Error) in try furnish(&transaction) }
        }
        _ = executor.runUntilIdle()
        return contents.records.map {
            .put($0.key, account: $0.account, formatVersion: $0.formatVersion, data: $0.data)
        }
    }()

    private static func furnish(_ transaction: inout Transaction) throws(EC2Error) {
        let now = transaction.now
        transaction.put(AccountRecord(id: account, name: "test", createdAt: now))
        _ = try transaction.createDefaultVPC()
        var bytes = SnapshotRecord(id: snapshot, account: account, sizeGiB: 8, description: "", startedAt: now)
        bytes.isPublic = true
        transaction.put(bytes)
        var rule = RetentionRuleRecord(
            id: "0123456789a", account: account, resourceType: .snapshot, retentionDays: 1, createdAt: now)
        rule.resourceTags = [RetentionRuleRecord.TagMatch(key: "Kept", value: "yes")]
        transaction.put(rule)
        var record = ImageRecord(
            id: image, account: account, name: "linux", architecture: .x86_64, createdAt: now,
            rootDeviceName: "/dev/xvda")
        let disk = ImageRecord.EBS(snapshot: snapshot, sizeGiB: 8, volumeType: "gp3")
        record.blockDevices = [ImageRecord.BlockDevice(deviceName: "/dev/xvda", ebs: disk)]
        transaction.put(record)
    }
}
