import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Associating an Elastic IP address")
struct AddressAssociationTests {
    private var cloud: TestCloud
    private let first: EC2.AllocateAddressResult
    private let second: EC2.AllocateAddressResult

    init() throws {
        var cloud = try TestCloud()
        first = try cloud.perform(AllocateAddress.self, .init())
        second = try cloud.perform(AllocateAddress.self, .init())
        self.cloud = cloud
    }

    private func request(
        _ address: EC2.AllocateAddressResult, _ guest: TestGuest, reassociates: Bool? = nil
    ) -> EC2.AssociateAddressRequest {
        .init(
            allocationID: address.allocationID, instanceID: guest.instance.description,
            allowReassociation: reassociates)
    }

    private func publicAddress(_ guest: TestGuest) -> String? {
        cloud.state.networkInterfaces[guest.interface].flatMap { cloud.state.publicAddress(of: $0) }?.description
    }

    @Test("takes the place of the auto-assigned address, which goes back to the pool and comes anew afterwards")
    mutating func auto() throws {
        let guest = try cloud.guest(wantsPublicAddress: true)
        let auto = try #require(publicAddress(guest))
        try cloud.perform(AssociateAddress.self, request(first, guest))
        #expect(publicAddress(guest) == first.publicIP)
        #expect(!cloud.state.networkInterfaces.contains(IndexKey(.publicAddress, try #require(IPv4Address(auto)))))
        try cloud.perform(DisassociateAddress.self, .init(publicIP: first.publicIP))
        let anew = try #require(publicAddress(guest))
        #expect(anew != first.publicIP)
    }

    @Test("leaves a guest that had no public address without one afterwards")
    mutating func none() throws {
        let guest = try cloud.guest()
        let id = try cloud.perform(AssociateAddress.self, request(first, guest)).associationID
        try cloud.perform(DisassociateAddress.self, .init(associationID: id))
        #expect(publicAddress(guest) == nil)
        #expect(
            cloud.refusal(of: DisassociateAddress.self, .init(associationID: id)) == "InvalidAssociationID.NotFound")
        try cloud.perform(DisassociateAddress.self, .init(publicIP: first.publicIP))
    }

    @Test("said again changes nothing")
    mutating func again() throws {
        let guest = try cloud.guest()
        let id = try cloud.perform(AssociateAddress.self, request(first, guest)).associationID
        #expect(try cloud.perform(AssociateAddress.self, request(first, guest)).associationID == id)
    }

    @Test("moves the address from another guest, unless the caller says no")
    mutating func moves() throws {
        let (one, other) = (try cloud.guest(), try cloud.guest())
        try cloud.perform(AssociateAddress.self, request(first, one))
        #expect(
            cloud.refusal(of: AssociateAddress.self, request(first, other, reassociates: false))
                == "Resource.AlreadyAssociated")
        try cloud.perform(AssociateAddress.self, request(first, other))
        #expect(publicAddress(one) == nil && publicAddress(other) == first.publicIP)
    }

    @Test("takes the place of another Elastic IP address, unless the caller says no")
    mutating func replaces() throws {
        let guest = try cloud.guest()
        try cloud.perform(AssociateAddress.self, request(first, guest))
        #expect(
            cloud.refusal(of: AssociateAddress.self, request(second, guest, reassociates: false))
                == "Resource.AlreadyAssociated")
        try cloud.perform(AssociateAddress.self, request(second, guest))
        #expect(publicAddress(guest) == second.publicIP)
        let shown = try cloud.perform(DescribeAddresses.self, .init(publicIPs: [first.publicIP ?? ""])).addresses
        #expect(shown.map(\.associationID) == [nil])
    }

    @Test("works by interface, with its private address named")
    mutating func byInterface() throws {
        let guest = try cloud.guest()
        let interface = try #require(cloud.state.networkInterfaces[guest.interface])
        var input = EC2.AssociateAddressRequest(
            publicIP: first.publicIP, networkInterfaceID: guest.interface.description,
            privateIPAddress: interface.primaryAddress?.description)
        try cloud.perform(AssociateAddress.self, input)
        #expect(publicAddress(guest) == first.publicIP)
        input.privateIPAddress = "172.31.255.200"
        #expect(cloud.refusal(of: AssociateAddress.self, input) == "InvalidParameterValue")
        input.instanceID = guest.instance.description
        #expect(cloud.refusal(of: AssociateAddress.self, input) == "InvalidParameterCombination")
    }

    @Test(
        "is refused for guests that are coming or gone",
        arguments: [InstanceState.pending, .shuttingDown, .terminated])
    mutating func states(state: InstanceState) throws {
        let guest = try cloud.guest(state: state)
        #expect(cloud.refusal(of: AssociateAddress.self, request(first, guest)) == "InvalidInstanceID")
    }

    @Test("is refused without a target, an address, or a gateway")
    mutating func refusals() throws {
        let guest = try cloud.guest()
        #expect(
            cloud.refusal(of: AssociateAddress.self, .init(allocationID: first.allocationID)) == "MissingParameter")
        #expect(
            cloud.refusal(of: AssociateAddress.self, .init(instanceID: guest.instance.description))
                == "MissingParameter")
        var both = request(first, guest)
        both.publicIP = first.publicIP
        #expect(cloud.refusal(of: AssociateAddress.self, both) == "InvalidParameterCombination")
        let gateway = try #require(cloud.state.internetGateway(of: cloud.defaultVPC.id)).id
        cloud.transaction.update(gateway) { (gateway: inout InternetGatewayRecord) in gateway.vpc = nil }
        #expect(cloud.refusal(of: AssociateAddress.self, request(first, guest)) == "Gateway.NotAttached")
    }

    @Test("ends with the interface; the address stays the account's")
    mutating func interfaceGone() throws {
        let guest = try cloud.guest()
        try cloud.perform(AssociateAddress.self, request(first, guest))
        cloud.transaction.deleteInterface(guest.interface)
        let shown = try cloud.perform(DescribeAddresses.self, .init(publicIPs: [first.publicIP ?? ""])).addresses
        #expect(shown.map(\.networkInterfaceID) == [nil])
        try cloud.perform(ReleaseAddress.self, .init(allocationID: first.allocationID))
    }
}
