// What every simulated cloud begins with: its accounts with their default VPCs, and one image to launch.

import CloudStore
import CloudTypes
import ControlPlane
import Logging
import NodeContract
import Simulation

/// How large a simulated host is, and for how many accounts.
struct Premises: Sendable {
    /// Whether a dozen instances fill the host.
    var isNarrow = false
    var hasStranger = false

    var settings: CloudSettings { isNarrow ? Furnishing.narrowSettings : Furnishing.settings }
}

enum Furnishing {
    static let account = AccountID("123456789012")!
    static let caller = Caller(account: account, accessKeyID: "AKIAIOSFODNN7EXAMPLE")
    static let stranger = Caller(account: AccountID("210987654321")!, accessKeyID: "AKIAI44QH8DHBEXAMPLE")
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

    /// Room for twelve instances; an account may have fourteen, some of which wait for others to go.
    static let narrowSettings: CloudSettings = {
        var settings = Furnishing.settings
        settings.capabilities.processorCount = 24
        settings.overcommit.processors = 1
        settings.quotas[vCPUs: .standard] = 28
        return settings
    }()

    /// The zone where instances are launched that name no subnet.
    static let zone = settings.zones[0].name

    /// A store that has been furnished and nothing else, and that remembers every commit.
    static func contents(_ premises: Premises) -> MemoryStore.Contents {
        let contents = MemoryStore.Contents(keptCommits: .max / 4)
        _ = MemoryStore(on: contents).submit(premises.hasStranger ? furnitureOfTwo : furniture)
        return contents
    }

    private static let furniture = furniture(of: [caller])
    private static let furnitureOfTwo = furniture(of: [caller, stranger])

    private static func furniture(of callers: [Caller]) -> [RecordWrite] {
        let contents = MemoryStore.Contents()
        let executor = SteppedExecutor()
        Task(executorPreference: executor) {
            let cloud = try await Cloud.open(
                MemoryStore(on: contents), settings: settings, log: log, random: SeededNumbers(seed: .max / 3),
                time: ManualTime())
            for caller in callers {
                try await cloud.transact(as: caller) { transaction throws(EC2Error) in try furnish(&transaction) }
            }
        }
        _ = executor.runUntilIdle()
        return contents.records.map {
            .put($0.key, account: $0.account, formatVersion: $0.formatVersion, data: $0.data)
        }
    }

    private static func furnish(_ transaction: inout Transaction) throws(EC2Error) {
        let now = transaction.now
        let account = transaction.account
        transaction.put(AccountRecord(id: account, name: "test \(account)", createdAt: now))
        _ = try transaction.createDefaultVPC()
        for (place, type) in [RetentionRuleRecord.ResourceType.snapshot, .image].enumerated() {
            var rule = RetentionRuleRecord(
                id: "\(place)123456789\(account == caller.account ? "a" : "b")", account: account, resourceType: type,
                retentionDays: 1, createdAt: now)
            rule.resourceTags = [RetentionRuleRecord.TagMatch(key: "Kept", value: "yes")]
            transaction.put(rule)
        }
        guard account == caller.account else { return }
        var bytes = SnapshotRecord(id: snapshot, account: account, sizeGiB: 8, description: "", startedAt: now)
        bytes.isPublic = true
        transaction.put(bytes)
        var record = ImageRecord(
            id: image, account: account, name: "linux", architecture: .x86_64, createdAt: now,
            rootDeviceName: "/dev/xvda")
        record.isPublic = true
        let disk = ImageRecord.EBS(snapshot: snapshot, sizeGiB: 8, volumeType: "gp3")
        record.blockDevices = [ImageRecord.BlockDevice(deviceName: "/dev/xvda", ebs: disk)]
        transaction.put(record)
    }
}
