import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EBSAPI

@Suite("The key of a snapshot that is put together block by block")
struct SnapshotKeyTests {
    private let account = AccountID("123456789012")!
    private static let chosen = "11111111-2222-3333-4444-555555555555"
    private static let arn = "arn:aws:kms:us-east-1:123456789012:key/" + chosen
    private var transaction: Transaction

    init() {
        let capabilities = NodeCapabilities(
            architectures: [.x86_64], acceleration: "simulated", processorCount: 1, memoryMiB: 1)
        let now = Timestamp(milliseconds: 1_795_000_000_000)
        transaction = Transaction(
            state: CloudState(), caller: Caller(account: account, accessKeyID: ""), now: now,
            settings: CloudSettings(region: "us-east-1", capabilities: capabilities),
            random: SystemRandomNumberGenerator())
        transaction.put(AccountRecord(id: account, name: "test", createdAt: now))
    }

    private enum Outcome: Sendable, Equatable {
        case plain
        case managedKey
        case namedKey
        case parentKey
        case refused(String)
    }

    private mutating func outcome(_ input: EBS.StartSnapshotRequest) -> Outcome {
        do throws(EC2Error) {
            let started = try StartSnapshot.perform(input, &transaction)
            guard let arn = started.kmsKeyARN else {
                #expect(started.sseType == .noneValue)
                return .plain
            }
            #expect(started.sseType == .sseKMS)
            let managed = transaction.state.accounts[account]?.managedKeyID
            if let managed, arn.hasSuffix(managed) { return .managedKey }
            return arn == SnapshotKeyTests.arn ? .namedKey : .parentKey
        } catch {
            #expect(error.code == "ValidationException" && error.httpStatus == 400)
            return .refused(error.reason ?? "")
        }
    }

    @Test(
        "is as the account and the request say",
        arguments: [
            (nil, false, false, .plain), (false, false, false, .plain), (true, false, false, .managedKey),
            (true, true, false, .namedKey), (nil, true, false, .namedKey),
            (false, true, false, .refused("INVALID_PARAMETER_VALUE")),
            (nil, false, true, .managedKey), (true, false, true, .managedKey), (true, true, true, .namedKey),
            (nil, true, true, .namedKey), (false, false, true, .refused("INVALID_PARAMETER_VALUE")),
            (false, true, true, .refused("INVALID_PARAMETER_VALUE")),
        ] as [(Bool?, Bool, Bool, Outcome)])
    private mutating func alone(encrypted: Bool?, namesKey: Bool, byDefault: Bool, wanted: Outcome) {
        transaction.encryptByDefault(byDefault)
        let input = EBS.StartSnapshotRequest(
            volumeSize: 1, encrypted: encrypted, kmsKeyARN: namesKey ? SnapshotKeyTests.arn : nil)
        #expect(outcome(input) == wanted)
    }

    @Test(
        "is the parent's, and nothing can be said of it",
        arguments: [
            (true, nil, false, false, .parentKey), (true, nil, false, true, .parentKey),
            (true, true, false, false, .refused("INVALID_PARAMETER_VALUE")),
            (true, nil, true, false, .refused("INVALID_PARAMETER_VALUE")),
            (false, nil, false, false, .plain), (false, nil, false, true, .refused("INVALID_PARAMETER_VALUE")),
            (false, false, false, false, .refused("INVALID_PARAMETER_VALUE")),
        ] as [(Bool, Bool?, Bool, Bool, Outcome)])
    private mutating func parent(
        isSealed: Bool, encrypted: Bool?, namesKey: Bool, byDefault: Bool, wanted: Outcome
    ) {
        var parent = SnapshotRecord(
            id: transaction.newID(), account: account, sizeGiB: 1, description: "",
            startedAt: transaction.now)
        if isSealed { parent.keyID = "22222222-3333-4444-5555-666666666666" }
        transaction.put(parent)
        transaction.encryptByDefault(byDefault)
        let input = EBS.StartSnapshotRequest(
            volumeSize: 1, parentSnapshotID: parent.id.description, encrypted: encrypted,
            kmsKeyARN: namesKey ? SnapshotKeyTests.arn : nil)
        #expect(outcome(input) == wanted)
    }

    @Test(
        "is none of another account or region",
        arguments: [
            "arn:aws:kms:us-east-1:210987654321:key/" + chosen, "arn:aws:kms:eu-west-1:123456789012:key/" + chosen,
            "arn:aws:kms:us-east-1:123456789012:key/mrk-0123456789abcdef0123456789abcdef",
        ])
    mutating func foreign(arn: String) {
        let input = EBS.StartSnapshotRequest(volumeSize: 1, encrypted: true, kmsKeyARN: arn)
        #expect(outcome(input) == .refused("INVALID_CUSTOMER_KEY"))
    }
}
