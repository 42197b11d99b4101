// A cloud in memory that answers actions one after another, as the dispatcher would let them.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

/// Two accounts, each with its default VPC. A refused action changes nothing.
struct TestCloud {
    static let account = AccountID("123456789012")!
    static let stranger = AccountID("210987654321")!

    var transaction: Transaction
    private var clock = Timestamp(milliseconds: 1_795_000_000_000)

    init(_ adjust: (inout CloudSettings) -> Void = { _ in }) throws {
        var settings = CloudSettings(
            region: "us-east-1",
            capabilities: NodeCapabilities(
                architectures: [.x86_64], acceleration: "simulated", processorCount: 8, memoryMiB: 65_536))
        adjust(&settings)
        transaction = Transaction(
            state: CloudState(), caller: TestCloud.caller(TestCloud.account), now: clock, settings: settings,
            random: CountingGenerator())
        for account in [TestCloud.account, TestCloud.stranger] {
            transaction.put(AccountRecord(id: account, name: "test", createdAt: clock))
            become(account)
            _ = try transaction.createDefaultVPC()
        }
        become(TestCloud.account)
    }

    var state: CloudState { transaction.state }
    var defaultVPC: VPCRecord { state.defaultVPC(of: transaction.account)! }

    /// The next actions are called by the account.
    mutating func become(_ account: AccountID) { renew(as: account) }

    mutating func advance(seconds: Double) {
        clock = clock.adding(seconds: seconds)
        renew(as: transaction.account)
    }

    @discardableResult
    mutating func perform<Meaning: RecordAction>(
        _ action: Meaning.Type, _ input: Meaning.Operation.Input
    ) throws(EC2Error) -> Meaning.Operation.Output {
        var attempt = transaction
        let output = try action.perform(input, &attempt)
        transaction = attempt
        return output
    }

    /// The code of the refusal; nil if the action is not refused.
    mutating func refusal<Meaning: RecordAction>(
        of action: Meaning.Type, _ input: Meaning.Operation.Input
    ) -> String? {
        do throws(EC2Error) {
            _ = try perform(action, input)
            return nil
        } catch {
            return error.code
        }
    }

    private mutating func renew(as account: AccountID) {
        transaction = Transaction(
            state: transaction.state, caller: TestCloud.caller(account), now: clock, settings: transaction.settings,
            random: transaction.random)
    }

    private static func caller(_ account: AccountID) -> Caller {
        Caller(account: account, accessKeyID: "AKIAIOSFODNN7EXAMPLE")
    }
}

/// Numbers that are spread and the same in every run (SplitMix64).
private struct CountingGenerator: RandomNumberGenerator, Sendable {
    private var count: UInt64 = 0
    mutating func next() -> UInt64 {
        count &+= 0x9E37_79B9_7F4A_7C15
        var mixed = count
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
