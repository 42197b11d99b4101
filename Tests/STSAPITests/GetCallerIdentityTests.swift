import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import STSAPI

@Suite("The caller's identity")
struct GetCallerIdentityTests {
    @Test("is the account behind the signature")
    func identity() throws {
        let account = try #require(AccountID("123456789012"))
        let settings = CloudSettings(
            region: "us-east-1",
            capabilities: NodeCapabilities(
                architectures: [.x86_64], acceleration: "simulated", processorCount: 1, memoryMiB: 1))
        var transaction = Transaction(
            state: CloudState(), caller: Caller(account: account, accessKeyID: "AKIAIOSFODNN7EXAMPLE"),
            now: Timestamp(milliseconds: 0), settings: settings, random: SystemRandomNumberGenerator())
        let output = try GetCallerIdentity.perform(.init(), &transaction)
        #expect(output.account == "123456789012" && output.userID == "123456789012")
        #expect(output.arn == "arn:aws:iam::123456789012:root")
        #expect(!transaction.hasChanges)
        #expect(STSActions.service.names == ["GetCallerIdentity"])
    }
}
