// Records in memory for tests of rules and plans.

import CloudTypes
import ControlPlane
import NodeContract

enum TestRecords {
    static let account = AccountID("123456789012")!

    static var settings: CloudSettings {
        CloudSettings(
            region: "us-east-1",
            capabilities: NodeCapabilities(
                architectures: [.x86_64], acceleration: "simulated", processorCount: 8, memoryMiB: 65_536))
    }

    /// A transaction of an account that has its default VPC.
    static func transaction(
        _ adjust: (inout CloudSettings) -> Void = { _ in }
    ) throws(EC2Error) -> Transaction {
        var settings = settings
        adjust(&settings)
        let now = Timestamp(milliseconds: 1_795_000_000_000)
        var transaction = Transaction(
            state: CloudState(), caller: Caller(account: account, accessKeyID: "AKIAIOSFODNN7EXAMPLE"), now: now,
            settings: settings, random: SpreadNumbers())
        transaction.put(AccountRecord(id: account, name: "test", createdAt: now))
        _ = try transaction.createDefaultVPC()
        return transaction
    }
}

extension Transaction {
    var defaultVPC: VPCRecord { state.defaultVPC(of: account)! }
    var defaultSubnet: SubnetRecord { state.defaultSubnet(of: account, inZone: "us-east-1a")! }

    /// An instance with one interface.
    mutating func addGuest(
        in subnet: SubnetRecord, state instanceState: InstanceState = .running, groups: [SecurityGroupID] = []
    ) throws(EC2Error) -> NetworkInterfaceID {
        var instance = InstanceRecord(
            id: newID(), account: account, reservation: newID(), launchIndex: 0, image: newID(),
            instanceType: "t3.micro", architecture: .x86_64, vCPUs: 2, memoryMiB: 1024, vpc: subnet.vpc,
            subnet: subnet.id, availabilityZone: subnet.availabilityZone, rootDeviceName: "/dev/sda1", now: now)
        instance.state = instanceState
        put(instance)
        let interface = try createInterface(in: subnet, privateAddress: nil, groups: groups)
        attachInterface(interface.id, to: instance.id, deviceIndex: 0, deleteOnTermination: true)
        return interface.id
    }
}

/// Numbers that are spread and the same in every run (SplitMix64).
struct SpreadNumbers: RandomNumberGenerator, Sendable {
    private var count: UInt64 = 0
    mutating func next() -> UInt64 {
        count &+= 0x9E37_79B9_7F4A_7C15
        var mixed = count
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
