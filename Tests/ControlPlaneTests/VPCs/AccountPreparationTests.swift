import CloudTypes
import ControlPlane
import Logging
import Simulation
import Testing

@Suite("Preparing an account")
struct AccountPreparationTests {
    private let caller = Caller(account: TestRecords.account, accessKeyID: "AKIAIOSFODNN7EXAMPLE")

    private func cloud(alias: String? = nil) async throws -> Cloud {
        let now = Timestamp(milliseconds: 0)
        let cloud = try await Cloud.open(
            MemoryStore(), settings: TestRecords.settings, log: Logger(label: "test"), time: SystemTime())
        try await cloud.transact(as: caller) { transaction throws(EC2Error) in
            transaction.put(
                AccountRecord(id: TestRecords.account, name: "test", createdAt: now, ownerAlias: alias))
        }
        return cloud
    }

    @Test("makes its default VPC, once, however many calls come at the same time")
    func once() async throws {
        let cloud = try await cloud()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { try await cloud.prepareAccount(of: caller) } }
            try await group.waitForAll()
        }
        #expect(cloud.records.vpcs.count == 1 && cloud.records.subnets.count == 3)
        #expect(cloud.records.accounts[TestRecords.account]?.hasDefaultVPC == true)
        await cloud.close()
    }

    @Test("does not bring back a default VPC that was deleted")
    func deleted() async throws {
        let cloud = try await cloud()
        try await cloud.prepareAccount(of: caller)
        try await cloud.transact(as: caller) { transaction throws(EC2Error) in
            for vpc in transaction.state.vpcs.all { transaction.delete(vpc.id, VPCRecord.self) }
        }
        try await cloud.prepareAccount(of: caller)
        #expect(cloud.records.vpcs.count == 0)
        await cloud.close()
    }

    @Test("makes nothing for an account that only owns public images, or that is not there")
    func none() async throws {
        let cloud = try await cloud(alias: "amazon")
        try await cloud.prepareAccount(of: caller)
        let stranger = try #require(AccountID("210987654321"))
        try await cloud.prepareAccount(of: Caller(account: stranger, accessKeyID: "AKIAIOSFODNN7EXAMPLE"))
        #expect(cloud.records.vpcs.count == 0)
        await cloud.close()
    }
}
