import CloudTypes
import Testing

@testable import ControlPlane

@Suite("The racks of a zone")
struct RackTenantsTests {
    private let accounts = ["111111111111", "222222222222", "333333333333"].map { AccountID($0)! }
    private var a: AccountID { accounts[0] }
    private var b: AccountID { accounts[1] }
    private var c: AccountID { accounts[2] }

    @Test("are open to all but where they are another's own")
    func open() {
        let tenants = RackTenants(own: [a: 1, b: 2], spread: [a: 1, b: 2, c: 3])
        #expect(tenants.open(to: a, of: 7) == 5)
        #expect(tenants.open(to: b, of: 7) == 6)
        #expect(tenants.open(to: c, of: 7) == 4)
    }

    @Test("become one's own where all others still have as many as they are spread over")
    func leave() {
        let tenants = RackTenants(own: [a: 1], spread: [a: 2, b: 3])
        #expect(tenants.leave(1, to: b, of: 4), "a's other instances stand beside b's on what nobody owns")
        #expect(!tenants.leave(1, to: c, of: 4), "b would have two racks for three")
        #expect(tenants.leave(1, to: c, of: 5))
        #expect(!tenants.leave(2, to: c, of: 5))
        #expect(tenants.leave(1, to: a, of: 4), "they are a's already")
    }

    @Test("are all one's own where nobody else is")
    func alone() {
        #expect(RackTenants(own: [:], spread: [:]).leave(1, to: a, of: 1))
        #expect(RackTenants(own: [:], spread: [a: 1]).leave(1, to: a, of: 1))
        #expect(!RackTenants(own: [:], spread: [b: 1]).leave(1, to: a, of: 1))
        #expect(!RackTenants(own: [:], spread: [:]).leave(2, to: a, of: 1))
    }

    @Test("are counted from instances and reservations that are there, zone by zone")
    func counted() throws {
        var transaction = try TestRecords.transaction()
        let account = TestRecords.account
        let subnet = transaction.defaultSubnet
        for (state, tenancy) in [
            (.running, .default), (.stopped, .dedicated), (.terminated, .dedicated),
        ] as [(InstanceState, Tenancy)] {
            _ = try transaction.addGuest(in: subnet, state: state)
            let id = try #require(transaction.state.instances.all.first { $0.state == state }?.id)
            transaction.update(id) { (instance: inout InstanceRecord) in instance.tenancy = tenancy }
        }
        #expect(RackTenants(in: "us-east-1a", of: transaction.state) == RackTenants(own: [:], spread: [account: 1]))
        #expect(RackTenants(in: "us-east-1b", of: transaction.state) == RackTenants(own: [:], spread: [:]))
        let slot = CapacityReservationRecord.Slot(
            instanceType: "t3.micro", platform: "Linux/UNIX", zone: "us-east-1b", tenancy: .dedicated)
        _ = try transaction.createCapacityReservation(slot, count: 1) { _ in }
        let reserved = RackTenants(own: [account: 1], spread: [account: 1])
        #expect(RackTenants(in: "us-east-1b", of: transaction.state) == reserved)
    }
}
